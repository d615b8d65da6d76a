import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Client, MapFrame, Task, Unit } from "muster-client";
import { t } from "../i18n";
import { appsOf, linkTo } from "../lib/maps";
import { moment } from "../lib/time";
import { dashed, spaced, unitName } from "../lib/units";
import { Picture } from "../map/picture";
import { memo } from "../parts/memo";
import { Counted } from "../parts/notice";
import type { LiveMap } from "./livemap";
import type { Spot } from "./tree";

/** How far around a unit people are listed, in degrees, and as if at which zoom of the map, by the unit's level. */
const AROUND = [3, 1.5, 0.7, 0.2, 0.08];
const ZOOM = [7, 8.5, 10, 12.5, 14.5];
const MIDDLE: Spot = { lon: 120.4, lat: 29.1, level: 0 };
const DRAW_MS = 1_000;
const MOST_SHOWN = 100;

interface Line {
  key: string;
  title: string;
  hint: string;
  lon: number;
  lat: number;
}

/** A list of places in the map's stead, where the browser cannot draw one: what runs, who is where, the units that are open. */
export class PlaceList implements LiveMap {
  readonly #client: () => Client;
  readonly #picture = new Picture();
  readonly #tasks = signal<Line[]>([]);
  readonly #units = signal<Line[]>([]);
  readonly #people = signal<{ lines: Line[]; n: number; live: number }>({ lines: [], n: 0, live: 0 });
  #spot = MIDDLE;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(client: () => Client) {
    this.#client = client;
  }

  readonly View = () => {
    const { lines, n, live } = this.#people.value;
    return (
      <section class="place-list" aria-label={t("places_label")} data-people={n}>
        <p class="notice">{t("places_hint")}</p>
        <Places title={t("open_tasks")} lines={this.#tasks.value} />
        <Places title={t("people")} lines={lines} count={n}>
          <p class="hint" role="status" aria-live="off">
            {t("places_summary", { n, live })}
          </p>
        </Places>
        <Places title={t("tab_units")} lines={this.#units.value} />
      </section>
    );
  };

  async start(_: object, home: Spot | null): Promise<void> {
    this.#spot = home ?? MIDDLE;
    this.view();
  }

  view(): void {
    if (this.#client().phase !== "open") return;
    const { lon, lat, level } = this.#spot;
    const around = AROUND[level] ?? 0.2;
    const bbox = [lon - around, lat - around, lon + around, lat + around];
    this.#client().ask("map.view", { bbox, zoom: ZOOM[level] ?? 12 }).catch(() => undefined);
  }

  take(frame: MapFrame): void {
    this.#picture.take(frame);
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#people.value = { lines: linesOf(this.#picture), ...this.#picture.count() };
    }, DRAW_MS);
  }

  showTasks(tasks: Task[]): void {
    this.#tasks.value = tasks.map(({ id, title, place: { name, lon, lat } }) => ({ key: id, title, hint: name, lon, lat }));
  }

  showUnits(units: Unit[]): void {
    this.#units.value = units.flatMap((unit) => {
      const { number, lon, lat } = unit;
      return lon === null || lat === null ? [] : [{ key: number, title: unitName(unit), hint: dashed(number), lon, lat }];
    });
  }

  fly(spot: Spot): void {
    this.#spot = spot;
    this.view();
  }

  resize(): void {}
}

function linesOf({ people, cells }: Picture): Line[] {
  return [
    ...[...people].map(([key, { age, at, lon, lat }]) => ({ key, title: spaced(key), hint: `${t(`age_${age}`)} · ${moment(at)}`, lon, lat })),
    ...[...cells].map(([key, { n, live, lon, lat }]) => ({ key, title: t("places_summary", { n, live }), hint: "", lon, lat })),
  ];
}

interface PlacesProps {
  title: string;
  lines: Line[];
  count?: number;
  children?: ComponentChildren;
}

function Places({ title, lines, count = lines.length, children }: PlacesProps) {
  const rest = lines.length - MOST_SHOWN;
  return (
    <section>
      <Counted title={title} n={count} />
      {children}
      <ul>
        {lines.slice(0, MOST_SHOWN).map(({ key, title, hint, lon, lat }) => (
          <Place key={key} title={title} hint={hint} lon={lon} lat={lat} />
        ))}
      </ul>
      {rest > 0 && <p class="hint">{t("places_more", { n: rest })}</p>}
    </section>
  );
}

/** Its link opens the app for maps that the device has. */
const Place = memo(({ title, hint, lon, lat }: Omit<Line, "key">) => {
  const where = `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
  return (
    <li>
      <span>
        <strong>{title}</strong>
        <span class="hint">{hint}</span>
      </span>
      <a class="button" href={linkTo(appsOf(navigator.userAgent)[0]!, { name: title, lat, lon })} aria-label={`${title}: ${where}`}>
        {where}
      </a>
    </li>
  );
});
