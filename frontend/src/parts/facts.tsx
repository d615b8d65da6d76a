import { Fragment } from "preact";
import type { Task } from "muster-client";
import { t } from "../i18n";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";

/** A list of named facts about a task. */
export function TaskFacts({ task }: { task: Task }) {
  const rows: [string, string][] = [
    [t("starts"), moment(task.starts_at)],
    [t("answer_until"), moment(task.answer_by)],
    [t("place"), task.place.name || unitName(task.unit)],
    [t("asked_by"), unitName(task.unit)],
    // Not how many have accepted: answers of others are not told to everyone, so that number would be old.
    [t("needed"), String(task.headcount)],
  ];
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
