import { computed, effect, signal } from "@preact/signals";
import type { Client, ServerFrames, Task, TaskDetail, TaskPage } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { sharedList } from "../lib/share";
import { Counted } from "../parts/notice";
import { TaskList } from "../parts/taskline";
import { progressed, refreshed } from "./board";

const REFRESH_MS = 5_000;
const MOST_FOLLOWED = 30;

/** The tasks of the formation; the open ones move with every answer. */
export class TaskBoard {
  readonly tasks = signal<TaskDetail[]>([]);
  readonly isRead = signal(false);
  readonly open = computed(() => this.tasks.value.filter(({ task }) => task.status === "called"));
  readonly ended = computed(() => this.tasks.value.filter(({ task }) => task.status !== "called" && task.status !== "draft"));
  readonly #client: () => Client;
  readonly #stale = new Set<string>();
  #followed = new Set<string>();
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(client: () => Client) {
    this.#client = client;
  }

  async start(changed: (open: Task[]) => void): Promise<void> {
    effect(() => changed(this.open.value.map(({ task }) => task)));
    setInterval(() => document.visibilityState === "visible" && void this.refresh(), REFRESH_MS);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const page = await get<TaskPage>("/tasks").catch(() => null);
    if (!page) return;
    this.#take(page.items);
    this.isRead.value = true;
    this.#follow();
  }

  /** A volunteer has answered: show the number at once, and read the rest soon, once for many answers. */
  progressed(event: ServerFrames["task.progressed"]): void {
    this.#take(progressed(this.tasks.peek(), event));
    this.#stale.add(event.data.task.id);
    this.#soon ??= setTimeout(() => void this.#readStale(), 1_000);
  }

  async #readStale(): Promise<void> {
    this.#soon = undefined;
    const ids = [...this.#stale];
    this.#stale.clear();
    const fresh = await Promise.all(ids.map((id) => get<TaskDetail>(`/tasks/${id}`).catch(() => null)));
    this.#take(refreshed(this.tasks.peek(), fresh.filter((detail) => detail !== null)));
  }

  #take(tasks: TaskDetail[]): void {
    this.tasks.value = sharedList(this.tasks.peek(), tasks, ({ task }) => task.id);
  }

  #follow(): void {
    const wanted = new Set(this.open.peek().slice(0, MOST_FOLLOWED).map(({ task }) => `task.${task.id}`));
    for (const topic of this.#followed) if (!wanted.has(topic)) this.#client().unfollow(topic);
    for (const topic of wanted) if (!this.#followed.has(topic)) this.#client().follow(topic);
    this.#followed = wanted;
  }
}

export function BoardView({ board }: { board: TaskBoard }) {
  const [open, ended] = [board.open.value, board.ended.value];
  if (!board.isRead.value) return <div class="board" />;
  return (
    <div class="board">
      <Counted title={t("open_tasks")} n={open.length} />
      {open.length > 0 ? <TaskList tasks={open} base="/leader/" /> : <p class="hint">{t("no_tasks")}</p>}
      {ended.length > 0 && (
        <>
          <h2>{t("ended_tasks")}</h2>
          <TaskList tasks={ended} base="/leader/" />
        </>
      )}
    </div>
  );
}
