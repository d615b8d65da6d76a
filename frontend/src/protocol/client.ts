import type { CursorBook } from "./cursors";
import type { FixQueue } from "./fixes";
import { Link, type LinkOptions, type Phase } from "./link";
import { isFinal, type Outbox, type Pending } from "./outbox";
import { ReceiptBatch } from "./receipts";
import type {
  CaughtUp,
  CountsFrame,
  Cursors,
  EventFrame,
  Joined,
  MapFrame,
  Problem,
  Reached,
  ServerFrame,
  TopicName,
  Welcome,
} from "./wire";

export const SUBPROTOCOL = "muster.v1";
const RECEIPT_MS = 300;
const RETRY_COMMAND_MS = 3_000;
const WITHOUT_SOCKET_MS = 10_000;

/** What a page does with what it is told. */
export interface Listener {
  /** A topic was joined afresh: forget what was known of it. */
  snapshot(topic: TopicName, snapshot: unknown, head: number): void;
  /** The log is another one: numbers of topics that are kept anywhere mean something else. Snapshots follow. */
  begunAnew?(): void;
  /** Something happened; called once for each event, in order. */
  event(event: EventFrame): void;
  /** Cursors moved: keep them together with what the events changed. */
  kept?(): void;
  /** A command from the outbox got its one reply. */
  replied?(pending: Pending, result: unknown): void;
  refused?(pending: Pending, problem: Problem): void;
  map?(frame: MapFrame): void;
  /** How a followed task stands now. */
  counts?(frame: CountsFrame): void;
  revoked?(topic: TopicName): void;
  /** The phase, or the time of the last update, has changed. */
  changed?(phase: ClientPhase): void;
}

/** `open` is told only after the server has answered `hello`. */
export type ClientPhase = Phase;

export interface ClientOptions {
  link: Omit<LinkOptions, "subprotocol">;
  app: { app: string; version: string };
  cursors: CursorBook;
  outbox: Outbox;
  fixes?: FixQueue;
  /** The REST door that gives what a topic missed. */
  catchUp(reached: Reached): Promise<CaughtUp>;
  /** The REST door of a command, by its key; rejects with Refused, or anything else when no answer came. */
  act(pending: Pending): Promise<unknown>;
}

type Waiting = { resolve(result: unknown): void; reject(reason: unknown): void };

/** Raised to whoever asked while there was no connection. */
export class NotConnected extends Error {}

/** Raised with what the server answered. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** Speaks muster.v1: hello with cursors, events once and in order, receipts, commands until replied. */
export class Client {
  readonly link: Link;
  phase: ClientPhase = "waiting";
  lastUpdate: Date | null = null;
  welcome: Welcome | null = null;
  readonly #options: ClientOptions;
  readonly #on: Listener;
  readonly #receipts = new ReceiptBatch();
  readonly #asked = new Map<number, Waiting>();
  readonly #underWay = new Map<number, Pending>();
  readonly #followed = new Set<TopicName>();
  #held: EventFrame[] | null = null;
  #nextId = 1;
  #receiptTimer: ReturnType<typeof setTimeout> | undefined;
  #actTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions, on: Listener) {
    this.#options = options;
    this.#on = on;
    this.link = new Link(
      { ...options.link, subprotocol: SUBPROTOCOL },
      {
        opened: () => void this.#hello(),
        received: (text) => this.#received(text),
        closed: () => this.#closed(),
        changed: (phase) => phase !== "open" && this.#become(phase),
      },
    );
  }

  start(): void {
    this.link.connect();
  }

  /** Do an act that must happen: kept until replied, sent again with the same key after any loss. */
  command(type: string, body: object): Pending {
    const pending = this.#options.outbox.add(type, body);
    if (this.phase === "open") this.#send(pending);
    else this.#actSoon();
    return pending;
  }

  /** Ask something that is worth nothing later; rejects when there is no connection or it is lost. */
  ask<Result>(type: string, body: object): Promise<Result> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      if (!this.link.send(this.#frameOf(id, type, body))) return reject(new NotConnected());
      this.#asked.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Follow a topic that the server does not join by itself, over every reconnection. */
  follow(topic: TopicName): void {
    this.#followed.add(topic);
    if (this.phase === "open") void this.#join(topic);
  }

  unfollow(topic: TopicName): void {
    if (!this.#followed.delete(topic)) return;
    this.#options.cursors.forget(topic);
    this.ask("topic.leave", { topic }).catch(() => undefined);
  }

  /** The person has this event on the screen. */
  seen(topic: TopicName, seq: number): void {
    this.#receipts.seen(topic, seq);
    this.#receiptsSoon();
  }

  /** Send the positions that wait, as far as one may be under way. */
  flushFixes(): void {
    if (this.phase !== "open") return;
    const frame = this.#options.fixes?.next();
    if (frame) this.link.send(frame);
  }

  async #hello(): Promise<void> {
    try {
      const welcome = await this.ask<Welcome>("hello", {});
      this.#welcomed(welcome);
    } catch {
      // The link has been lost again, or will be closed with a code that says why.
    }
  }

  #frameOf(id: number, type: string, body: object): object {
    if (type !== "hello") return { id, type, body };
    return { id, type, ...this.#options.cursors.reached(), client: this.#options.app };
  }

  #welcomed(welcome: Welcome): void {
    this.welcome = welcome;
    this.link.healthy(welcome.heartbeat_s * 2_000 + 5_000);
    if (this.#options.cursors.enter(welcome.epoch)) {
      this.#receipts.clear();
      this.#on.begunAnew?.();
    }
    const known = Object.keys(this.#options.cursors.all());
    known.filter((topic) => !(topic in welcome.topics) && !this.#followed.has(topic)).forEach((t) => this.#revoked(t));
    for (const [topic, joined] of Object.entries(welcome.topics)) this.#joined(topic, joined);
    this.#on.kept?.();
    this.#become("open");
    for (const topic of this.#followed) if (!(topic in welcome.topics)) void this.#join(topic);
    for (const pending of this.#options.outbox.all()) this.#send(pending);
    this.flushFixes();
  }

  #joined(topic: TopicName, joined: Joined): void {
    if (joined.recovered) return;
    this.#options.cursors.restart(topic, joined.head);
    this.#on.snapshot(topic, joined.snapshot ?? {}, joined.head);
    this.#delivered(topic, joined.head);
  }

  /** The server has joined us to a topic that we may see now. */
  #gained({ topic, head, snapshot }: { topic: TopicName; head: number; snapshot: unknown }): void {
    this.#joined(topic, { head, recovered: false, snapshot });
    this.#on.kept?.();
  }

  /** Without a cursor the reply holds a snapshot; with one the missed events follow it. */
  async #join(topic: TopicName): Promise<void> {
    const { cursors } = this.#options;
    const cursor = cursors.get(topic);
    const body = cursor === undefined ? { topic } : { topic, cursor, epoch: cursors.epoch };
    try {
      const joined = await this.ask<Joined>("topic.join", body);
      this.#joined(topic, joined);
      this.#on.kept?.();
    } catch (reason) {
      if (reason instanceof Refused && isFinal(reason.problem)) this.#revoked(topic);
    }
  }

  #send(pending: Pending): void {
    if ([...this.#underWay.values()].some((other) => other.key === pending.key)) return;
    const id = this.#nextId++;
    this.#underWay.set(id, pending);
    this.link.send({ id, type: pending.type, key: pending.key, body: pending.body });
  }

  #received(text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    this.lastUpdate = new Date();
    if ("reply" in frame && frame.reply !== undefined) this.#reply(frame.reply, frame.result, frame.problem);
    else if ("topic" in frame && frame.topic === "map") this.#on.map?.(frame as unknown as MapFrame);
    else if ("seq" in frame) this.#told(frame);
    else if (frame.type === "task.counts") this.#on.counts?.(frame);
    else if (frame.type === "heartbeat") this.#heartbeat(frame.heads, frame.through);
    else if (frame.type === "caught_up") this.#caughtUp(frame.topics);
    else if (frame.type === "restarting") this.link.comeBackAfter(frame.retry_after_s * 1_000);
    else if (frame.type === "stored") this.#stored(frame.positions, frame.every_s);
    else if (frame.type === "topic.joined") this.#gained(frame as { topic: TopicName; head: number; snapshot: unknown });
    else if (frame.type === "topic.revoked") this.#revoked((frame as { topic: TopicName }).topic);
    this.#on.changed?.(this.phase);
  }

  #reply(id: number | null, result: unknown, problem: Problem | undefined): void {
    if (id === null) return;
    const asked = this.#asked.get(id);
    const pending = this.#underWay.get(id);
    this.#asked.delete(id);
    this.#underWay.delete(id);
    if (asked) return problem ? asked.reject(new Refused(problem)) : asked.resolve(result);
    if (!pending) return;
    if (problem && !isFinal(problem)) {
      setTimeout(() => this.phase === "open" && this.#send(pending), RETRY_COMMAND_MS);
      return;
    }
    this.#settle(pending, result, problem);
  }

  /** Take a command out of the outbox, by whichever door its answer came first. */
  #settle(pending: Pending, result: unknown, problem?: Problem): void {
    if (!this.#options.outbox.has(pending.key)) return;
    this.#options.outbox.remove(pending.key);
    if (problem) this.#on.refused?.(pending, problem);
    else this.#on.replied?.(pending, result);
  }

  /** A network may let no socket through: what waits goes over REST then, by its key, as often as it must. */
  #actSoon(): void {
    this.#actTimer ??= setTimeout(() => {
      this.#actTimer = undefined;
      void this.#actWithoutSocket();
    }, WITHOUT_SOCKET_MS);
  }

  async #actWithoutSocket(): Promise<void> {
    for (const pending of this.#options.outbox.all()) {
      if (this.phase === "open" || this.link.isOver) return;
      try {
        this.#settle(pending, await this.#options.act(pending));
      } catch (reason) {
        if (!(reason instanceof Refused && isFinal(reason.problem))) break; // in their order: the others wait too
        this.#settle(pending, undefined, reason.problem);
      }
    }
    if (this.phase !== "open" && this.#options.outbox.all().length > 0) this.#actSoon();
  }

  #event(event: EventFrame): void {
    if (!this.#options.cursors.isNew(event.topic, event.seq)) return;
    this.#on.event(event);
    this.#options.cursors.advance(event.topic, event.seq);
    this.#on.kept?.();
    this.#delivered(event.topic, event.seq);
  }

  /** While something is read that was lost on the way, what comes after it waits: or it would be taken for old. */
  #told(event: EventFrame): void {
    if (this.#held) this.#held.push(event);
    else this.#event(event);
  }

  #heartbeat(heads: Cursors, through: Cursors): void {
    if (this.#held) return;
    const { cursors } = this.#options;
    if (cursors.behind(heads).length > 0) void this.#catchUp();
    else this.#reach(through, heads);
  }

  /** The replay is over; what is held has not been taken yet, so the next heartbeat says it again. */
  #caughtUp(topics: Cursors): void {
    if (!this.#held) this.#reach(topics);
  }

  #reach(through: Cursors, heads?: Cursors): void {
    this.#options.cursors.reach(through, heads);
    this.#on.kept?.();
  }

  async #catchUp(): Promise<void> {
    const held: EventFrame[] = (this.#held = []);
    // All cursors: a topic of ours that is not named would be answered by a snapshot.
    const { cursors } = this.#options;
    const found = await this.#options.catchUp(cursors.reached()).catch(() => null);
    if (this.#held !== held) return; // the connection was lost meanwhile: the next hello brings it all
    if (found?.epoch !== cursors.epoch) return this.link.again(); // and so it does now
    this.#held = null;
    for (const [topic, joined] of Object.entries<Joined>(found.topics)) {
      this.#joined(topic, joined);
      for (const event of joined.events ?? []) this.#event(event);
      // Numbers above the last event are of events for others.
      this.#options.cursors.advance(topic, joined.head);
    }
    for (const event of held) this.#event(event);
    this.#on.kept?.();
  }

  #stored(n: number, everyS: number | undefined): void {
    if (everyS && this.welcome) this.welcome.position_every_s = everyS;
    this.#options.fixes?.stored(n);
    this.flushFixes();
  }

  #revoked(topic: TopicName): void {
    this.#followed.delete(topic);
    this.#options.cursors.forget(topic);
    this.#on.revoked?.(topic);
  }

  #delivered(topic: TopicName, seq: number): void {
    if (seq === 0) return;
    this.#receipts.delivered(topic, seq);
    this.#receiptsSoon();
  }

  #receiptsSoon(): void {
    this.#receiptTimer ??= setTimeout(() => {
      this.#receiptTimer = undefined;
      // Without a connection they wait: the next one sends them.
      if (this.phase !== "open") return;
      const frame = this.#receipts.take(this.#options.cursors.epoch);
      if (frame) this.link.send(frame);
    }, RECEIPT_MS);
  }

  #closed(): void {
    for (const { reject } of this.#asked.values()) reject(new NotConnected());
    this.#asked.clear();
    this.#underWay.clear();
    this.#held = null;
    this.#options.fixes?.lost();
  }

  #become(phase: ClientPhase): void {
    this.phase = phase;
    if (phase === "open" && !this.#receipts.isEmpty) this.#receiptsSoon();
    if (phase !== "open" && this.#options.outbox.all().length > 0) this.#actSoon();
    this.#on.changed?.(phase);
  }
}
