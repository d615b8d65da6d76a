import { t } from "../i18n";
import { h } from "../lib/dom";

const MARKS: [string, "age_live" | "age_stale" | "age_expired" | "legend_task" | "legend_cells"][] = [
  ["live", "age_live"],
  ["stale", "age_stale"],
  ["expired", "age_expired"],
  ["cell", "legend_cells"],
  ["task", "legend_task"],
];

/** What the marks mean: age has a shape of its own, not only a colour. */
export function legend(): HTMLElement {
  return h(
    "details",
    { class: "legend", open: matchMedia("(min-width: 1000px)").matches },
    h("summary", {}, t("legend")),
    h("ul", {}, MARKS.map(([mark, key]) => h("li", {}, h("span", { class: `mark ${mark}`, "aria-hidden": "true" }), t(key)))),
  );
}
