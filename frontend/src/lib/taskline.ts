import type { TaskDetail } from "muster-client";
import { t } from "../i18n";
import { progressBar } from "../leader/counters";
import { h } from "./dom";
import { emblem } from "./facts";
import { moment } from "./time";
import { unitName } from "./units";

/** One task of a list, with its progress. */
export function taskLine({ task, progress }: TaskDetail, href: string, current = ""): HTMLElement {
  const link = h(
    "a",
    { class: "task-line", id: `task-${task.id}`, href, "aria-current": task.id === current ? "true" : null },
    h("span", { class: "badge" }, emblem(task.category)),
    h(
      "span",
      {},
      h("strong", {}, task.title),
      h("span", { class: "hint" }, `${unitName(task.unit)} · ${moment(task.created_at)}`),
    ),
    h("span", { class: `task-status ${task.status}` }, t(`status_${task.status}`)),
  );
  // When a task has ended, those who had accepted are the ones to phone.
  const toPhone = task.status === "called" ? progress.not_reached : progress.accepted_not_reached;
  const unreached = toPhone > 0 ? h("p", { class: "hint warn" }, t("not_reached_short", { n: toPhone })) : null;
  return h("li", { class: task.status }, link, progressBar(progress), unreached);
}
