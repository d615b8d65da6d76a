import { v7 as uuid7 } from "uuid";
import type { Progress, RecipientPage, Task, TaskDetail, UnitProgress } from "muster-client";
import { t, type TextKey } from "../i18n";
import { get, post } from "../lib/api";
import { showDialog } from "../lib/dialog";
import { announce, h, replace } from "../lib/dom";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { counters, progressBar, type Filter } from "./counters";
import { personLine, unitTable } from "./people";

/** Where no socket is let through, or it is being renewed, how the task stands is asked for. */
const POLL_MS = 10_000;
/** Counts are told twice a second; the people behind them are read again at most so often. */
const READ_MS = 2_000;
const PAGE = 50;
const MOST_AT_ONCE = 500;

export interface Watching {
  closed(): void;
  /** The task has been called off here. */
  calledOff(): void;
  /** Whether changes come by themselves. */
  isTold(): boolean;
}

/** Watches one task: counters, the list of people, the sub-units. */
export class TaskWatch {
  readonly element = h("section", { class: "watch", "aria-live": "off" });
  readonly #id: string;
  readonly #watching: Watching;
  #detail: TaskDetail | null = null;
  #people: RecipientPage = { items: [], next: null };
  #units: UnitProgress[] = [];
  #filter: Filter = "all";
  #pages = 1;
  #problem = "";
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
    replace(this.element, h("p", { class: "loading" }, t("loading")));
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    void this.read();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = undefined;
  }

  /** Show counts that were told, and read soon whom they are of. */
  count(progress: Progress): void {
    this.#told = progress;
    if (this.#detail) {
      this.#take({ ...this.#detail, progress });
      this.#draw();
    }
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
      this.#problem = "";
    } catch (reason) {
      this.#problem = problemText(reason);
    }
    this.#isReading = false;
    if (this.#timer !== undefined) this.#draw();
    if (this.#isStale) {
      this.#isStale = false;
      void this.read();
    }
  }

  async #readAll(): Promise<void> {
    const [detail, people, units] = await Promise.all([
      get<TaskDetail>(`/tasks/${this.#id}`),
      this.#readPeople(),
      get<UnitProgress[]>(`/tasks/${this.#id}/units`),
    ]);
    this.#take(this.#told && this.#watching.isTold() ? { ...detail, progress: this.#told } : detail);
    this.#people = people;
    this.#units = units;
  }

  #take(detail: TaskDetail): void {
    this.#tellChange(detail);
    this.#detail = detail;
  }

  async #readPeople(): Promise<RecipientPage> {
    const state = this.#filter === "all" ? "" : `&state=${this.#filter}`;
    let page: RecipientPage = { items: [], next: "" };
    const wanted = this.#pages * PAGE;
    while (page.items.length < wanted && page.next !== null) {
      const after = page.next ? `&after=${encodeURIComponent(page.next)}` : "";
      const limit = Math.min(MOST_AT_ONCE, wanted - page.items.length);
      const next = await get<RecipientPage>(`/tasks/${this.#id}/recipients?limit=${limit}${state}${after}`);
      page = { items: [...page.items, ...next.items], next: next.next };
    }
    return page;
  }

  #tellChange({ task, progress }: TaskDetail): void {
    const before = this.#detail?.progress.accepted;
    if (before === undefined || before === progress.accepted) return;
    const isFull = progress.accepted >= task.headcount;
    announce(isFull ? t("filled") : t("progress_label", { accepted: progress.accepted, headcount: task.headcount }));
  }

  #draw(): void {
    const detail = this.#detail;
    if (!detail) {
      replace(this.element, back(this.#watching.closed), h("p", { class: "notice bad", role: "alert" }, this.#problem || t("loading")));
      return;
    }
    const { task, progress } = detail;
    const heading = this.#filter === "all" ? t("people") : t(`count_${this.#filter}` as TextKey);
    replace(
      this.element,
      h("div", { class: "watch-top" }, back(this.#watching.closed), task.status === "called" && this.#callOffButton()),
      head(task),
      ...(this.#problem ? [h("p", { class: "notice bad", role: "alert" }, this.#problem)] : []),
      progressBar(progress),
      counters(progress, this.#filter, (filter) => this.#choose(filter)),
      ...(this.#units.length > 1 ? [byUnit(this.#units)] : []),
      h("h3", {}, heading),
      this.#filter === "not_reached" && progress.not_reached > 0 ? h("p", { class: "hint" }, t("by_hand")) : h("span", { hidden: true }),
      this.#list(),
      this.#more(),
    );
  }

  #list(): HTMLElement {
    const { items } = this.#people;
    if (items.length === 0) return h("p", { class: "hint empty-list" }, t("nobody"));
    return h("ul", { class: "people", "aria-label": t("people") }, items.map(personLine));
  }

  #more(): HTMLElement {
    if (this.#people.next === null) return h("span", { hidden: true });
    const more = () => {
      this.#pages += 1;
      void this.read();
    };
    return h("button", { id: "more", class: "wide", onclick: more }, t("more"));
  }

  #choose(filter: Filter): void {
    this.#filter = filter;
    this.#pages = 1;
    this.#people = { items: [], next: null };
    this.#draw();
    void this.read();
  }

  #callOffButton(): HTMLElement {
    return h("button", { id: "call-off", class: "danger", onclick: () => this.#askCallOff() }, t("call_off"));
  }

  #askCallOff(): void {
    const reason = h("input", { id: "call-off-reason", maxlength: 200 });
    const problem = h("p", { class: "field-error", role: "alert" });
    const dialog = h(
      "dialog",
      { class: "card", "aria-labelledby": "call-off-title" },
      h("h2", { id: "call-off-title" }, t("call_off_title")),
      h("div", { class: "field" }, h("label", { for: "call-off-reason" }, t("call_off_reason")), reason),
      problem,
      h(
        "div",
        { class: "answers" },
        h("button", { onclick: () => dialog.close() }, t("back")),
        h("button", { class: "danger", id: "call-off-do", onclick: () => void callOff() }, t("call_off_do")),
      ),
    );
    const keys = new Map<string, string>(); // of each reason: pressing again after a lost answer is the same act
    const callOff = async () => {
      const why = reason.value.trim();
      keys.set(why, keys.get(why) ?? uuid7());
      try {
        await post<Task>(`/tasks/${this.#id}/cancel`, { reason: why }, keys.get(why));
        dialog.close();
        announce(t("called_off"));
        this.#watching.calledOff();
        await this.read();
      } catch (failure) {
        problem.textContent = problemText(failure);
      }
    };
    void showDialog(dialog);
  }
}

function byUnit(units: UnitProgress[]): HTMLElement {
  return h("details", { id: "by-unit" }, h("summary", {}, t("by_unit")), unitTable(units));
}

function back(closed: () => void): HTMLElement {
  return h("button", { id: "watch-back", class: "quiet back", onclick: closed }, t("back"));
}

function head(task: Task): HTMLElement {
  const facts = [unitName(task.unit), task.place.name, `${t("starts")} ${moment(task.starts_at)}`, `${t("answer_until")} ${moment(task.answer_by)}`];
  return h(
    "header",
    { class: "watch-head" },
    h("p", { class: "overline" }, t(`category_${task.category}`)),
    h("h2", { id: "watch-title", tabindex: -1 }, task.title),
    h("p", { class: `task-status ${task.status}` }, t(`status_${task.status}`)),
    h("p", { class: "hint" }, [...new Set(facts.filter(Boolean))].join(" · ")),
    task.end_reason ? h("p", { class: "hint said" }, t("reason_given", { reason: task.end_reason })) : null,
  );
}
