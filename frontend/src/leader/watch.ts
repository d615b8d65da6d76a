import { batch, signal } from "@preact/signals";
import { v7 as uuid7 } from "uuid";
import type { Assignment, Progress, RecipientPage, Task, TaskDetail, UnitProgress } from "muster-client";
import { t } from "../i18n";
import { announce } from "../lib/announce";
import { call, get, post } from "../lib/api";
import { problemText } from "../lib/problems";
import { clock } from "../lib/clock";
import { shared, sharedList } from "../lib/share";
import type { Filter } from "./counters";
import type { Said } from "./people";

/** Where no socket is let through, or it is being renewed, how the task stands is asked for. */
const POLL_MS = 10_000;
/** Counts are told twice a second; the people behind them are read again at most so often. */
const READ_MS = 2_000;
const PAGE = 50;
const MOST_AT_ONCE = 500;

export interface Watching {
  /** The number of the leader who watches. */
  readonly number: string;
  closed(): void;
  /** The task has been called off here. */
  calledOff(): void;
  /** Whether changes come by themselves. */
  isTold(): boolean;
}

/** Take over the counts that were told of a task. */
export const counted = (detail: TaskDetail, progress: Progress): TaskDetail => ({ ...detail, progress });

/** Watches one task: how it stands, its people, the sub-units. */
export class TaskWatch {
  readonly detail = signal<TaskDetail | null>(null);
  readonly people = signal<RecipientPage>({ items: [], next: null });
  readonly units = signal<UnitProgress[]>([]);
  readonly filter = signal<Filter>("all");
  readonly problem = signal("");
  readonly #id: string;
  readonly #watching: Watching;
  #pages = 1;
  /** The newest counts that were told: what is read beside them may be older. */
  #told: Progress | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #readAt = 0;
  #isReading = false;
  #isStale = false;

  constructor(id: string, watching: Watching) {
    this.#id = id;
    this.#watching = watching;
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    void this.read();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = undefined;
  }

  choose(filter: Filter): void {
    this.filter.value = filter;
    this.#pages = 1;
    this.people.value = { items: [], next: null };
    void this.read();
  }

  /** Read a page more of the people. */
  more(): void {
    this.#pages += 1;
    void this.read();
  }

  close(): void {
    this.#watching.closed();
  }

  /** Call the task off; `done` is told when the server has it. */
  async callOff(reason: string, key: string, done: () => void): Promise<void> {
    await post<Task>(`/tasks/${this.#id}/cancel`, { reason }, key);
    done();
    announce(t("called_off"));
    this.#watching.calledOff();
    await this.read();
  }

  /** No leader notes an answer of their own. */
  isOwn(volunteer: string): boolean {
    return volunteer === this.#watching.number;
  }

  /** Note what a person has said by voice; rejects with the problem when it is not taken. */
  async note(volunteer: string, { answer, eta_min, risk }: Said): Promise<void> {
    const at = clock.date().toISOString();
    const notice = risk ? { notice: { way: "read_out", at } } : {};
    const body = { answer, how: "phone", said_at: at, ...(eta_min === undefined ? {} : { eta_min }), ...notice };
    await call<Assignment>("PUT", `/tasks/${this.#id}/recipients/${volunteer}/answer`, body, uuid7());
    announce(t("noted"));
    await this.read();
  }

  /** Show counts that were told, and read soon whom they are of. */
  count(progress: Progress): void {
    this.#told = progress;
    const detail = this.detail.peek();
    if (detail) this.#take(counted(detail, progress));
    this.readSoon();
  }

  /** Read everything again, not more often than every two seconds. */
  readSoon(): void {
    if (this.#timer === undefined) return;
    this.#soon ??= setTimeout(
      () => {
        this.#soon = undefined;
        void this.read();
      },
      Math.max(0, this.#readAt + READ_MS - Date.now()),
    );
  }

  #poll(): void {
    if (!this.#watching.isTold() && document.visibilityState === "visible") void this.read();
  }

  /** Read everything again; calls while reading become one more reading. */
  async read(): Promise<void> {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    this.#readAt = Date.now();
    try {
      await this.#readAll();
      this.problem.value = "";
    } catch (reason) {
      this.problem.value = problemText(reason);
    }
    this.#isReading = false;
    if (this.#isStale) {
      this.#isStale = false;
      void this.read();
    }
  }

  async #readAll(): Promise<void> {
    const filter = this.filter.peek();
    const [detail, people, units] = await Promise.all([
      get<TaskDetail>(`/tasks/${this.#id}`),
      this.#readPeople(filter),
      get<UnitProgress[]>(`/tasks/${this.#id}/units`),
    ]);
    if (this.#timer === undefined) return; // the leader looks at another
    batch(() => {
      this.#take(this.#told && this.#watching.isTold() ? counted(detail, this.#told) : detail);
      if (filter === this.filter.peek()) this.#takePeople(people); // else those of the other are read next
      this.units.value = sharedList(this.units.peek(), units, ({ unit }) => unit.number);
    });
  }

  #takePeople(people: RecipientPage): void {
    const known = this.people.peek();
    const items = sharedList(known.items, people.items, ({ volunteer }) => volunteer);
    const isSame = items === known.items && people.next === known.next && people.kept === known.kept;
    this.people.value = isSame ? known : { ...people, items };
  }

  #take(detail: TaskDetail): void {
    this.#tellChange(detail);
    this.detail.value = shared(this.detail.peek() ?? undefined, detail);
  }

  async #readPeople(filter: Filter): Promise<RecipientPage> {
    const state = filter === "all" ? "" : `&state=${filter}`;
    let page: RecipientPage = { items: [], next: "" };
    const wanted = this.#pages * PAGE;
    while (page.items.length < wanted && page.next !== null) {
      const after = page.next ? `&after=${encodeURIComponent(page.next)}` : "";
      const limit = Math.min(MOST_AT_ONCE, wanted - page.items.length);
      const next = await get<RecipientPage>(`/tasks/${this.#id}/recipients?limit=${limit}${state}${after}`);
      page = { ...next, items: [...page.items, ...next.items] };
    }
    return page;
  }

  #tellChange({ task, progress }: TaskDetail): void {
    const before = this.detail.peek()?.progress.accepted;
    if (before === undefined || before === progress.accepted) return;
    const isFull = progress.accepted >= task.headcount;
    announce(isFull ? t("filled") : t("progress_label", { accepted: progress.accepted, headcount: task.headcount }));
  }
}
