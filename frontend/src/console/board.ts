import type { ServerFrames, TaskDetail } from "muster-client";

/** Take over what an event tells of a task; the other counts follow when they are read. */
export function progressed(tasks: TaskDetail[], { data: { task } }: ServerFrames["task.progressed"]): TaskDetail[] {
  return tasks.map((detail) =>
    detail.task.id === task.id ? { task, progress: { ...detail.progress, accepted: task.accepted } } : detail,
  );
}

/** Take over tasks that were read afresh. */
export function refreshed(tasks: TaskDetail[], fresh: TaskDetail[]): TaskDetail[] {
  const byId = new Map(fresh.map((detail) => [detail.task.id, detail]));
  return tasks.map((detail) => byId.get(detail.task.id) ?? detail);
}
