import type { Progress, RecipientState } from "muster-client";
import { t, type TextKey } from "../i18n";
import { h } from "../lib/dom";

export type Filter = RecipientState | "all";

const ALWAYS: RecipientState[] = ["accepted", "reserve", "declined", "silent", "not_reached"];

/** How many stand where; each is a button that filters the list. */
export function counters(progress: Progress, filter: Filter, choose: (filter: Filter) => void): HTMLElement {
  const ended = (["expired", "withdrawn"] as const).filter((state) => progress[state] > 0);
  const states: RecipientState[] = [...ALWAYS, ...ended];
  const counter = (state: Filter, count: number) =>
    h(
      "button",
      {
        id: `counter-${state}`,
        class: `counter ${state}`,
        "aria-pressed": String(filter === state),
        onclick: () => choose(filter === state ? "all" : state),
      },
      h("span", { class: "number" }, String(count)),
      h("span", {}, t(`count_${state}` as TextKey)),
    );
  return h(
    "div",
    { class: "counters", role: "group", "aria-label": t("counts") },
    states.map((state) => counter(state, progress[state as "accepted"])),
    counter("all", progress.offered),
  );
}

/** A bar of who accepted, is in reserve, declined; the rest is still open. */
export function progressBar(progress: Progress): HTMLElement {
  const share = (count: number) => `${(100 * Math.min(1, count / Math.max(1, progress.headcount))).toFixed(1)}%`;
  const text = t("progress_label", { accepted: progress.accepted, headcount: progress.headcount });
  const done = h("span", { class: "done" });
  done.style.width = share(progress.accepted); // The policy of the pages allows no attribute `style`.
  return h(
    "div",
    { class: "progress" },
    h(
      "div",
      {
        class: "track",
        role: "progressbar",
        "aria-valuemin": 0,
        "aria-valuemax": progress.headcount,
        "aria-valuenow": progress.accepted,
        "aria-label": text,
      },
      done,
    ),
    h("p", { class: "hint" }, text),
  );
}
