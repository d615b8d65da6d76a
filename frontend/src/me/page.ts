import { t } from "../i18n";
import { get } from "../lib/api";
import { connect } from "../lib/connect";
import { announce, byId, h, replace } from "../lib/dom";
import { problemText } from "../lib/problems";
import { StatusLine } from "../lib/status";
import { moment } from "../lib/time";
import type { Client, Listener } from "../protocol/client";
import { CursorBook } from "../protocol/cursors";
import { FixQueue } from "../protocol/fixes";
import { Outbox, type Pending } from "../protocol/outbox";
import type { Answer, Assignment, Duty, EventFrame, Me, Offer, Page, Problem, Task } from "../protocol/wire";
import { card, type Choice } from "./cards";
import { apply, assigned, fromSnapshot, hasMoreOpen, lists, onDuty, withPage, withoutOrigins, type Inbox, type Item } from "./inbox";
import { keep, recall } from "./keep";
import { Tracker } from "./tracker";

const MINUTE_MS = 60_000;
const SHOWN_ENDED = 20;

/** The volunteer's page: draws what is kept at once, then follows the server. */
export class VolunteerPage {
  readonly #client: Client;
  readonly #cursors: CursorBook;
  readonly #outbox: Outbox;
  readonly #fixes: FixQueue;
  readonly #tracker: Tracker;
  readonly #status = new StatusLine();
  readonly #choices = new Map<string, Choice>();
  readonly #watched: IntersectionObserver;
  readonly #keptAt: Date | null;
  #inbox: Inbox;
  #problem = "";
  #heads: Record<string, number> = {};
  #unseen = new Set<string>();
  #shownEnded = SHOWN_ENDED;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  constructor(number: string) {
    const kept = recall(localStorage, number);
    this.#inbox = kept.inbox;
    this.#keptAt = kept.at;
    this.#cursors = new CursorBook(kept.reached.cursors, kept.reached.epoch);
    this.#outbox = new Outbox(localStorage, number);
    this.#fixes = new FixQueue(localStorage, number);
    this.#tracker = new Tracker(this.#fixes, () => this.#positionsChanged());
    this.#watched = new IntersectionObserver((entries) => this.#onScreen(entries), { threshold: 0.5 });
    this.#client = connect("muster-me", number, this.#listener(), { cursors: this.#cursors, fixes: this.#fixes });
  }

  start(): void {
    this.#draw();
    this.#status.show(this.#client, this.#keptAt);
    this.#client.start();
    setInterval(() => this.#draw(), MINUTE_MS); // what has run out moves to the ended ones by itself
  }

  #listener(): Listener {
    return {
      snapshot: (topic, snapshot, head) => this.#snapshot(topic, snapshot, head),
      event: (event) => this.#event(event),
      begunAnew: () => {
        this.#heads = {};
        this.#inbox = withoutOrigins(this.#inbox);
      },
      kept: () => keep(localStorage, this.#inbox, this.#cursors.reached(), this.#client.lastUpdate ?? new Date()),
      replied: (pending, result) => this.#replied(pending, result),
      refused: (_pending, problem) => this.#refused(problem),
      changed: (phase) => {
        if (this.#client.welcome) this.#tracker.everyS = this.#client.welcome.position_every_s;
        this.#status.show(this.#client, this.#keptAt);
        if (phase !== this.#drawnPhase) this.#draw();
      },
    };
  }

  #drawnPhase = "";

  #snapshot(topic: string, snapshot: unknown, head: number): void {
    if (topic === `person.${this.#inbox.number}`) {
      clearTimeout(this.#refresh);
      this.#refresh = undefined;
      this.#take(snapshot as { me: Me; offers: Page<Offer> });
    } else if (topic.startsWith("unit.")) {
      this.#heads[topic] = head;
      // The log no longer reaches back: what was called out meanwhile is in the inbox only.
      this.#refresh ??= setTimeout(() => void this.#readInbox(), 0);
    }
  }

  async #readInbox(): Promise<void> {
    this.#refresh = undefined;
    const offers = await get<Page<Offer>>("/me/inbox").catch(() => null);
    if (offers) this.#take({ offers });
  }

  /** Read what ended before the oldest that is shown. */
  async #readOlder(): Promise<void> {
    const page = await get<Page<Offer>>(`/me/inbox?after=${encodeURIComponent(this.#inbox.next ?? "")}`).catch(() => null);
    if (page) this.#inbox = withPage(this.#inbox, page);
    this.#shownEnded += SHOWN_ENDED;
    this.#draw();
  }

  #take(snapshot: { me?: Me; offers: Page<Offer> }): void {
    this.#inbox = fromSnapshot(this.#inbox, snapshot);
    if (hasMoreOpen(this.#inbox)) void this.#readOpen();
    this.#unseen = new Set(lists(this.#inbox).open.map((item) => item.task.id));
    this.#save();
    this.#draw();
  }

  /** Read the pages that still hold open offers: somebody with more than a thousand of them has such. */
  async #readOpen(): Promise<void> {
    while (hasMoreOpen(this.#inbox)) {
      const after = this.#inbox.next ?? "";
      const page = await get<Page<Offer>>(`/me/inbox?after=${encodeURIComponent(after)}`).catch(() => null);
      if (!page || this.#inbox.next !== after) return; // A snapshot came in between, or there is no connection.
      this.#inbox = withPage(this.#inbox, page);
      this.#save();
      this.#draw();
    }
  }

  #event(event: EventFrame): void {
    // Topics bear the number, and the socket closes now: the page need not wait for that.
    if (event.type === "number.changed") return location.reload();
    const before = this.#inbox;
    this.#inbox = apply(before, event);
    if (this.#inbox === before) return;
    if (event.type === "task.called") this.#alert((event.data as { task: Task }).task);
    this.#draw();
  }

  #alert(task: Task): void {
    announce(t("new_task", { title: task.title }));
    navigator.vibrate?.([200, 100, 200]);
  }

  #replied(pending: Pending, result: unknown): void {
    this.#problem = "";
    if (pending.type === "assignment.answer") this.#inbox = assigned(this.#inbox, result as Assignment);
    if (pending.type === "duty.set") this.#inbox = onDuty(this.#inbox, result as Duty);
    this.#save();
    this.#draw();
  }

  #refused(problem: Problem): void {
    this.#problem = problemText(problem);
    // Something we show is out of date; the inbox says how it stands.
    void this.#readInbox();
    this.#draw();
  }

  #save(): void {
    keep(localStorage, this.#inbox, this.#cursors.reached(), this.#client.lastUpdate ?? new Date());
  }

  // --- acts ---

  #answer(answer: Answer): void {
    this.#choices.delete(answer.task);
    this.#problem = "";
    this.#client.command("assignment.answer", answer);
    this.#draw();
  }

  #setDuty(on: boolean): void {
    this.#problem = "";
    this.#client.command("duty.set", { on });
    this.#draw();
  }

  #positionsChanged(): void {
    this.#client.flushFixes();
    this.#drawDuty();
  }

  #onScreen(entries: IntersectionObserverEntry[]): void {
    if (document.visibilityState !== "visible") return;
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      const id = (entry.target as HTMLElement).dataset.task ?? "";
      const origin = this.#inbox.items[id]?.origin;
      this.#unseen.delete(id);
      if (origin) this.#client.seen(origin.topic, origin.seq);
    }
    // Offers from a snapshot carry no place in a topic: when all have been on the screen, the topics' heads have.
    if (this.#unseen.size === 0) for (const [topic, head] of Object.entries(this.#heads)) this.#client.seen(topic, head);
  }

  // --- drawing ---

  #draw(): void {
    this.#drawnPhase = this.#client.phase;
    const { open, mine, ended } = lists(this.#inbox);
    const empty = open.length + mine.length === 0;
    replace(
      byId("app"),
      h("div", { id: "duty-slot" }),
      this.#problem ? h("p", { class: "notice bad", role: "alert" }, this.#problem) : h("span", { hidden: true }),
      ...this.#section("inbox_open", open, true),
      ...this.#section("inbox_mine", mine, true),
      ...(empty ? [emptyState()] : []),
      ...this.#section("inbox_ended", ended.slice(0, this.#shownEnded), false),
      ...this.#older(ended.length),
    );
    this.#drawDuty();
    document.title = document.title.replace(/^(\(\d+\) )?/, open.length ? `(${open.length}) ` : "");
    this.#watched.disconnect();
    document.querySelectorAll("article.offer.offered").forEach((element) => this.#watched.observe(element));
  }

  #section(title: "inbox_open" | "inbox_mine" | "inbox_ended", items: Item[], isLoud: boolean): HTMLElement[] {
    if (items.length === 0) return [];
    return [
      h(
        "section",
        { class: isLoud ? "list" : "list past", "aria-labelledby": title },
        h("h2", { id: title }, t(title), h("span", { class: "count" }, String(items.length))),
        items.map((item) => this.#card(item)),
      ),
    ];
  }

  #older(ended: number): HTMLElement[] {
    const isShort = ended > this.#shownEnded;
    if (!isShort && !this.#inbox.next) return [];
    const more = () => {
      if (!isShort) return void this.#readOlder();
      this.#shownEnded += SHOWN_ENDED;
      this.#draw();
    };
    return [h("button", { id: "older", class: "wide quiet", onclick: more }, t("more"))];
  }

  #card(item: Item): HTMLElement {
    const id = item.task.id;
    const waiting = this.#outbox.all().filter((p) => p.type === "assignment.answer" && (p.body as Answer).task === id);
    return card(item, {
      choice: this.#choices.get(id) ?? null,
      pending: (waiting.at(-1)?.body as Answer | undefined) ?? null,
      isOnline: this.#client.phase === "open",
      choose: (choice) => {
        this.#choices.set(id, choice);
        this.#draw();
        document.querySelector<HTMLElement>(`[data-task="${id}"] .choices button`)?.focus();
      },
      answer: (answer) => this.#answer(answer),
    });
  }

  #drawDuty(): void {
    const waiting = this.#outbox.all().filter((p) => p.type === "duty.set").at(-1);
    const { duty, dutyEnded } = this.#inbox;
    const isOn = duty.on && (!duty.until || Date.parse(duty.until) > Date.now());
    const wanted = waiting ? (waiting.body as { on: boolean }).on : isOn;
    this.#tracker.turn(isOn && wanted);
    const title = wanted ? (isOn && duty.until ? t("duty_on_until", { time: moment(duty.until) }) : t("duty_on")) : t("duty_off");
    const slot = document.getElementById("duty-slot");
    if (!slot) return;
    replace(
      slot,
      h(
        "section",
        { class: `card duty ${wanted ? "on" : "off"}`, "aria-label": t("duty") },
        h(
          "div",
          {},
          h("p", { class: "duty-title", role: "status" }, title),
          !wanted && dutyEnded ? h("p", { class: "hint warn", id: "duty-ended" }, t(`duty_ended_${dutyEnded}`)) : null,
          h("p", { class: "hint" }, waiting && this.#client.phase !== "open" ? t("duty_pending") : t(wanted ? "duty_on_hint" : "duty_off_hint")),
          this.#positionHint(wanted),
        ),
        h("button", {
          id: "duty",
          class: "switch",
          role: "switch",
          "aria-checked": String(wanted),
          "aria-label": t("duty"),
          onclick: () => this.#setDuty(!wanted),
        }),
      ),
    );
  }

  #positionHint(wanted: boolean): HTMLElement | null {
    if (wanted && this.#inbox.duty.on && this.#inbox.duty.tracked === false)
      return h("p", { class: "hint warn" }, t("position_not_agreed"), " ", h("a", { href: "/my-data/#consents" }, t("my_data")));
    if (wanted && this.#tracker.state === "denied") return h("p", { class: "hint warn" }, t("position_denied"));
    if (wanted && this.#tracker.state === "unavailable") return h("p", { class: "hint warn" }, t("position_unavailable"));
    const waiting = this.#fixes.length;
    if (waiting > 0 && this.#client.phase !== "open") return h("p", { class: "hint" }, t("position_waiting", { n: waiting }));
    return null;
  }
}

function emptyState(): HTMLElement {
  return h("section", { class: "empty" }, h("h2", {}, t("inbox_empty")), h("p", { class: "hint" }, t("inbox_empty_hint")));
}
