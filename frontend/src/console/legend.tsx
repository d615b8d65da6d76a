import { t } from "../i18n";
import { memo } from "../parts/memo";

const MARKS = [
  ["live", "age_live"],
  ["stale", "age_stale"],
  ["expired", "age_expired"],
  ["cell", "legend_cells"],
  ["task", "legend_task"],
] as const;

/** What the marks mean: age has a shape of its own, not only a colour. It stays as the person has folded it. */
export const Legend = memo(() => (
  <details class="legend" open={matchMedia("(min-width: 1000px)").matches}>
    <summary>{t("legend")}</summary>
    <ul>
      {MARKS.map(([mark, key]) => (
        <li key={mark}>
          <span class={`mark ${mark}`} aria-hidden="true" />
          {t(key)}
        </li>
      ))}
    </ul>
  </details>
));
