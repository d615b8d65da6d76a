import type { Client, ServerFrames, Task, TaskDetail, TaskPage } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { h, replace } from "../lib/dom";
import { taskLine } from "../lib/taskline";

const REFRESH_MS = 5_000;
const MOST_FOLLOWED = 30;

/** The tasks of the formation; the open ones move with every answer. */
export class TaskBoard {
  readonly element = h("div", { class: "board" });
  readonly #client: () => Client;
  readonly #changed: (open: Task[]) => void;
  readonly #stale = new Set<string>();
  #tasks: TaskDetail[] = [];
  #followed = new Set<string>();
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(client: () => Client, changed: (open: Task[]) => void) {
    this.#client = client;
    this.#changed = changed;
  }

  async start(): Promise<void> {
    setInterval(() => document.visibilityState === "visible" && void this.refresh(), REFRESH_MS);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const page = await get<TaskPage>("/tasks").catch(() => null);
    if (!page) return;
    this.#tasks = page.items;
    this.#follow();
    this.#draw();
  }

  /** Somebody answered: show the number at once, and read the rest soon, once for many answers. */
  progressed(event: ServerFrames["task.progressed"]): void {
    const { task } = event.data;
    this.#tasks = this.#tasks.map((detail) =>
      detail.task.id === task.id ? { task, progress: { ...detail.progress, accepted: task.accepted } } : detail,
    );
    this.#draw();
    this.#stale.add(task.id);
    this.#soon ??= setTimeout(() => void this.#readStale(), 1_000);
  }

  async #readStale(): Promise<void> {
    this.#soon = undefined;
    const ids = [...this.#stale];
    this.#stale.clear();
    const fresh = await Promise.all(ids.map((id) => get<TaskDetail>(`/tasks/${id}`).catch(() => null)));
    const byId = new Map(fresh.flatMap((detail) => (detail ? [[detail.task.id, detail] as const] : [])));
    this.#tasks = this.#tasks.map((detail) => byId.get(detail.task.id) ?? detail);
    this.#draw();
  }

  #follow(): void {
    const open = this.#tasks.filter(({ task }) => task.status === "called").slice(0, MOST_FOLLOWED);
    const wanted = new Set(open.map(({ task }) => `task.${task.id}`));
    for (const topic of this.#followed) if (!wanted.has(topic)) this.#client().unfollow(topic);
    for (const topic of wanted) if (!this.#followed.has(topic)) this.#client().follow(topic);
    this.#followed = wanted;
  }

  #draw(): void {
    const open = this.#tasks.filter(({ task }) => task.status === "called");
    const ended = this.#tasks.filter(({ task }) => task.status !== "called" && task.status !== "draft");
    this.#changed(open.map(({ task }) => task));
    const list = (details: TaskDetail[]) =>
      h("ul", { class: "task-list" }, details.map((detail) => taskLine(detail, `/leader/#task/${detail.task.id}`)));
    replace(
      this.element,
      h("h2", {}, t("open_tasks"), h("span", { class: "count" }, String(open.length))),
      open.length > 0 ? list(open) : h("p", { class: "hint" }, t("no_tasks")),
      ...(ended.length > 0 ? [h("h2", {}, t("ended_tasks")), list(ended)] : []),
    );
  }
}
