import { useState } from "preact/hooks";
import { t } from "../i18n";
import { appsOf, type Goal, linkTo, MAP_APPS, type MapApp } from "../lib/maps";

const NAME = "map-app";

/** The app for maps that this person took last, or nothing: a browser may bar what pages keep. */
function usual(): MapApp | undefined {
  try {
    return MAP_APPS.find((app) => app === localStorage.getItem(NAME));
  } catch {
    return undefined;
  }
}

function remember(app: MapApp): void {
  try {
    localStorage.setItem(NAME, app);
  } catch {
    // It is asked for again the next time.
  }
}

/** Leads to a place with the app for maps that the phone has: the usual one at once, the others below it. */
export function TakeMeThere({ goal }: { goal: Goal }) {
  const [chosen, choose] = useState(usual);
  const apps = appsOf(navigator.userAgent);
  const first = chosen && apps.includes(chosen) ? chosen : undefined;
  const take = (app: MapApp) => {
    remember(app);
    choose(app);
  };
  const link = (app: MapApp, text: string) => (
    <a key={app} class="button" href={linkTo(app, goal)} target="_blank" rel="noopener noreferrer" onClick={() => take(app)}>
      {text}
    </a>
  );
  const others = apps.filter((app) => app !== first);
  return (
    <div class="take-me-there">
      {first && link(first, t("directions_by", { app: t(`map_${first}`) }))}
      <details class="more">
        <summary>{t(first ? "map_others" : "directions")}</summary>
        <div class="chips">{others.map((app) => link(app, t(`map_${app}`)))}</div>
      </details>
    </div>
  );
}
