import type { TaskDetail } from "muster-client";
import { t } from "../i18n";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { Emblem } from "./emblem";
import { memo } from "./memo";
import { ProgressBar } from "./progress";

interface LineProps {
  detail: TaskDetail;
  href: string;
  isCurrent?: boolean;
}

/** One task of a list, with its progress. */
export const TaskLine = memo(({ detail: { task, progress }, href, isCurrent = false }: LineProps) => {
  // When a task has ended, those who had accepted are the ones to phone.
  const toPhone = task.status === "called" ? progress.not_reached : progress.accepted_not_reached;
  return (
    <li class={task.status}>
      <a class="task-line" id={`task-${task.id}`} href={href} aria-current={isCurrent || undefined}>
        <span class="badge">
          <Emblem category={task.category} />
        </span>
        <span>
          <strong>{task.title}</strong>
          <span class="hint">{`${unitName(task.unit)} · ${moment(task.created_at)}`}</span>
        </span>
        <span class={`task-status ${task.status}`}>{t(`status_${task.status}`)}</span>
      </a>
      <ProgressBar progress={progress} />
      {toPhone > 0 && <p class="hint warn">{t("not_reached_short", { n: toPhone })}</p>}
    </li>
  );
});

/** Tasks by their ids; each line is drawn again only when its own task has changed. */
export function TaskList({ tasks, base, current = "" }: { tasks: TaskDetail[]; base: string; current?: string }) {
  return (
    <ul class="task-list">
      {tasks.map((detail) => (
        <TaskLine key={detail.task.id} detail={detail} href={`${base}#task/${detail.task.id}`} isCurrent={detail.task.id === current} />
      ))}
    </ul>
  );
}
