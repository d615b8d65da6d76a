import { signal } from "@preact/signals";
import {
  type Answer,
  type Assignment,
  type Client,
  CursorBook,
  type Duty,
  type EventFrame,
  FixQueue,
  type Listener,
  type OfferPage,
  Outbox,
  type Pending,
  type PersonSnapshot,
  type Problem,
  type Rest,
  type Shelf,
  type Task,
} from "muster-client";
import { sharedList } from "../lib/share";
import {
  apply,
  assigned,
  fromSnapshot,
  hasMoreOpen,
  lists,
  newlyCalledOff,
  onDuty,
  read,
  withPage,
  withoutOrigins,
  type Inbox,
} from "./inbox";
import { keep, recall } from "./keep";

/** What tells the volunteer what has happened; what is known is read from signals. */
export interface Screen {
  /** The connection has changed, or the time of the last update. */
  connection(): void;
  /** An order that this device did not know. */
  alarm(task: Task): void;
  /** Orders that were called off, with a place of this person's, or not. */
  calledOff(tasks: { title: string; reason: string }[], isMine: boolean): void;
  /** An answer was not taken. */
  notTaken(task: string): void;
  /** Topics bear the number: everything begins anew under another. */
  renumbered(): void;
}

/** What the volunteer's page knows, keeps and asks, whatever shows it. */
export class VolunteerState {
  readonly cursors: CursorBook;
  readonly outbox: Outbox;
  readonly fixes: FixQueue;
  readonly keptAt: Date | null;
  /** What was asked for and has no reply yet. */
  readonly waiting = signal<readonly Pending[]>([]);
  /** Keys of what waits and outlives this page. */
  readonly kept = signal<ReadonlySet<string>>(new Set());
  readonly problem = signal<Problem | null>(null);
  readonly #inbox;
  readonly #shelf: Shelf;
  readonly #rest: Pick<Rest, "get">;
  readonly #screen: Screen;
  /** How far our topic was when each command was given: a reply is news only as long as it is still there. */
  readonly #asked = new Map<string, number | undefined>();
  #heads: Record<string, number> = {};
  #unseen = new Set<string>();
  #client: Client | null = null;

  constructor(number: string, shelf: Shelf, rest: Pick<Rest, "get">, screen: Screen) {
    const kept = recall(shelf, number);
    this.#inbox = signal(kept.inbox);
    this.keptAt = kept.at;
    this.cursors = new CursorBook(kept.reached.cursors, kept.reached.epoch);
    this.outbox = new Outbox(shelf);
    this.fixes = new FixQueue(shelf);
    this.#shelf = shelf;
    this.#rest = rest;
    this.#screen = screen;
    shelf.changedElsewhere = () => this.#readWaiting();
    shelf.written = () => this.#readKept();
    this.#readWaiting();
  }

  get inbox(): Inbox {
    return this.#inbox.value;
  }

  set inbox(inbox: Inbox) {
    this.#inbox.value = inbox;
  }

  #readWaiting(): void {
    this.waiting.value = sharedList(this.waiting.peek(), this.outbox.all(), ({ key }) => key);
    this.#readKept();
  }

  /** A person may close the page once it says that an answer is kept: so it must be. */
  #readKept(): void {
    const kept = this.waiting.peek().map(({ key }) => key).filter((key) => this.outbox.isKept(key));
    const before = this.kept.peek();
    if (kept.length !== before.size || kept.some((key) => !before.has(key))) this.kept.value = new Set(kept);
  }

  /** Take the client that `connect` makes for our listener, as the one to ask by. */
  connect(connect: (listener: Listener) => Client): Client {
    return (this.#client = connect(this.#listener()));
  }

  answer(answer: Answer): void {
    this.#command("assignment.answer", answer);
  }

  /** Take back an answer that has not been sent; tells whether that could be done. */
  async takeBack(key: string): Promise<boolean> {
    const isBack = await this.outbox.takeBack(key);
    if (isBack) this.#asked.delete(key);
    this.#readWaiting();
    return isBack;
  }

  /** The person has read what is said of this task. */
  read(task: string): void {
    this.saw([task]);
    this.inbox = read(this.inbox, task);
    this.#save();
  }

  /** The person has read what went wrong. */
  dismiss(): void {
    this.problem.value = null;
  }

  setDuty(on: boolean): void {
    this.#command("duty.set", { on });
  }

  /** These tasks are before the person's eyes. */
  saw(tasks: string[]): void {
    for (const task of tasks) {
      const origin = this.inbox.items[task]?.origin;
      this.#unseen.delete(task);
      if (origin) this.#client?.seen(origin.topic, origin.seq);
    }
    // Offers from a snapshot carry no place in a topic: when all have been on the screen, the topics' heads have.
    if (this.#unseen.size === 0) for (const [topic, head] of Object.entries(this.#heads)) this.#client?.seen(topic, head);
  }

  /** Read what ended before the oldest that is known. */
  async readOlder(): Promise<void> {
    const page = await this.#page(this.inbox.next ?? "");
    if (page) this.inbox = withPage(this.inbox, page);
  }

  get #own(): string {
    return `person.${this.inbox.number}`;
  }

  #listener(): Listener {
    return {
      snapshot: (topic, snapshot, head) => this.#snapshot(topic, snapshot as Partial<PersonSnapshot>, head),
      event: (event) => this.#event(event),
      begunAnew: () => {
        this.#heads = {};
        this.inbox = withoutOrigins(this.inbox);
      },
      kept: () => this.#save(),
      replied: (pending, result) => this.#replied(pending, result),
      refused: (pending, problem) => this.#refused(pending, problem),
      // What was asked through a unit while this device was away is told there no more.
      revoked: (topic) => topic.startsWith("unit.") && this.#renew(),
      changed: () => {
        this.#readWaiting(); // with a connection it may have been tried, and cannot be taken back
        this.#screen.connection();
      },
    };
  }

  #snapshot(topic: string, snapshot: Partial<PersonSnapshot>, head: number): void {
    if (topic === this.#own) {
      this.#take(snapshot);
    } else if (topic.startsWith("unit.")) {
      this.#heads[topic] = head;
      // What was called out meanwhile is in the inbox, which is read beside this unless it has just been.
      if (snapshot.offers) this.#renew();
    }
  }

  /** Read the inbox afresh, in the order of events: over REST it could be older than what has been told since. */
  #renew(): void {
    this.#client?.renew(this.#own);
  }

  #take(snapshot: Partial<PersonSnapshot>): void {
    const before = this.inbox;
    this.inbox = fromSnapshot(before, snapshot);
    if (hasMoreOpen(this.inbox)) void this.#readOpen();
    const { open } = lists(this.inbox);
    this.#unseen = new Set([...open.map((item) => item.task.id), ...Object.keys(this.inbox.calledOff ?? {})]);
    for (const { task } of open) if (!(task.id in before.items)) this.#screen.alarm(task);
    this.#tellCalledOff(before);
  }

  /** Read the pages that still hold open offers: a volunteer with more than a thousand of them has such. */
  async #readOpen(): Promise<void> {
    while (hasMoreOpen(this.inbox)) {
      const after = this.inbox.next ?? "";
      const page = await this.#page(after);
      if (!page || this.inbox.next !== after) return; // A snapshot came in between, or there is no connection.
      this.inbox = withPage(this.inbox, page);
      this.#save();
      }
  }

  #page(after: string): Promise<OfferPage | null> {
    return this.#rest.get<OfferPage>(`/me/inbox?after=${encodeURIComponent(after)}`).catch(() => null);
  }

  #event(event: EventFrame): void {
    if (event.type === "number.changed") return this.#screen.renumbered();
    // What was asked through a unit that was joined and left again meanwhile is told on no topic of ours.
    if (event.type === "transfer.changed" && event.topic === this.#own) this.#renew();
    const before = this.inbox;
    // Told on our own topic is what was asked through a unit that we left: an order that has not come is asked for.
    const task = event.topic === this.#own && event.type.startsWith("task.") ? (event.data as { task?: unknown }).task : undefined;
    if (typeof task === "string" && !(task in before.items)) this.#renew();
    this.inbox = apply(before, event);
    if (this.inbox === before) return;
    if (event.type === "task.called") this.#called(event.data.task, before);
    this.#tellCalledOff(before);
  }

  #tellCalledOff(before: Inbox): void {
    const { mine, offered } = newlyCalledOff(before, this.inbox);
    if (offered.length > 0) this.#screen.calledOff(offered.map(({ title, end_reason }) => ({ title, reason: end_reason })), false);
    if (mine.length > 0) this.#screen.calledOff(mine.map((task) => this.inbox.calledOff![task]!), true);
  }

  /** An order that a snapshot has shown, or that was answered on another device, is no news. */
  #called(task: Task, before: Inbox): void {
    const isNew = !(task.id in before.items) && this.inbox.items[task.id]?.assignment.status === "offered";
    if (isNew) this.#screen.alarm(task);
  }

  #command(type: string, body: object): void {
    this.problem.value = null;
    if (this.inbox.refusals) this.inbox = { ...this.inbox, refusals: {} };
    const pending = this.#client?.command(type, body);
    if (pending) this.#asked.set(pending.key, this.cursors.get(this.#own));
    this.#readWaiting();
  }

  /**
   * Show at once what a reply says, though the event that follows says it too.
   *
   * When our topic has gone on since, events have told as much or more, and the reply may be the older word.
   */
  #replied(pending: Pending, result: unknown): void {
    const before = this.inbox;
    const asked = this.#asked.get(pending.key);
    this.#asked.delete(pending.key);
    if (asked !== undefined && asked === this.cursors.get(this.#own)) {
      if (pending.type === "assignment.answer") this.inbox = assigned(this.inbox, result as Assignment);
      if (pending.type === "duty.set") this.inbox = onDuty(this.inbox, result as Duty);
      this.#save();
    }
    this.#readWaiting();
    this.#tellCalledOff(before);
  }

  /** What went wrong with an answer stands with its task, and nowhere else. */
  #refused(pending: Pending, problem: Problem): void {
    const { task } = pending.body as Partial<Answer>;
    if (task && task in this.inbox.items) {
      this.inbox = { ...this.inbox, refusals: { ...this.inbox.refusals, [task]: problem } };
      this.#screen.notTaken(task);
    } else {
      this.problem.value = problem;
    }
    this.#readWaiting();
    this.#renew(); // something we show is out of date
  }

  #save(): void {
    keep(this.#shelf, this.inbox, this.cursors.reached(), this.#client?.lastUpdate ?? new Date());
  }
}
