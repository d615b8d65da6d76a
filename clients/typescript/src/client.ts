import { Acts } from "./acts.js";
import type { CursorBook } from "./cursors.js";
import { Detour } from "./detour.js";
import type { Doors } from "./doors.js";
import type { FixQueue } from "./fixes.js";
import { Link, type LinkOptions, type Phase } from "./link.js";
import { isFinal, type Outbox, type Pending } from "./outbox.js";
import { ReceiptBatch } from "./receipts.js";
import { Refused } from "./refused.js";
import type {
  CaughtUp,
  CountsFrame,
  Cursors,
  EventFrame,
  Gained,
  Joined,
  Lost,
  MapFrame,
  Problem,
  ServerFrame,
  TopicName,
  Welcome,
} from "./wire.js";

export const SUBPROTOCOL = "muster.v1";
const RECEIPT_MS = 300;

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
  /** The server has told its time. */
  time?(instant: string): void;
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
  doors: Doors;
}

type Waiting = { resolve(result: unknown): void; reject(reason: unknown): void };

/** Raised to whoever asked while there was no connection. */
export class NotConnected extends Error {}

/** What is told of topics: it waits, in its order, while what comes before it is read. */
type Told = EventFrame | Gained | Lost;

/** Speaks muster.v1: hello with cursors, events once and in order, receipts, commands until replied. */
export class Client {
  readonly link: Link;
  phase: ClientPhase = "waiting";
  lastUpdate: Date | null = null;
  welcome: Welcome | null = null;
  readonly #options: ClientOptions;
  readonly #on: Listener;
  readonly #receipts = new ReceiptBatch();
  readonly #acts: Acts;
  readonly #detour = new Detour(
    () => this.#hasNoSocket,
    () => this.#overRest(),
  );
  readonly #asked = new Map<number, Waiting>();
  readonly #followed = new Set<TopicName>();
  #held: Told[] | null = null;
  #reading = 0;
  #isTaking = false;
  #isReceipted = false;
  #nextId = 1;
  #receiptTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions, on: Listener) {
    this.#options = options;
    this.#on = on;
    this.#acts = new Acts(options.outbox, {
      isOpen: () => this.phase === "open",
      send: (pending) => this.#send(pending),
      act: (pending) => options.doors.act(pending),
      unanswered: () => this.link.again(),
      settled: (pending, result, problem) => (problem ? on.refused?.(pending, problem) : on.replied?.(pending, result)),
    });
    this.link = new Link(
      { ...options.link, subprotocol: SUBPROTOCOL },
      {
        opened: () => this.#hello(),
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
    if (this.phase === "open") this.#acts.next();
    else this.#detour.send();
    return pending;
  }

  /** Ask something that is worth nothing later; rejects when there is no connection or it is lost. */
  ask<Result>(type: string, body: object): Promise<Result> {
    return new Promise((resolve, reject) => this.#ask(type, body, { resolve: resolve as Waiting["resolve"], reject }));
  }

  /** Follow a topic that the server does not join by itself, over every reconnection. */
  follow(topic: TopicName): void {
    this.#followed.add(topic);
    if (this.phase === "open") this.#join(topic);
  }

  unfollow(topic: TopicName): void {
    if (!this.#followed.delete(topic)) return;
    this.#options.cursors.forget(topic);
    this.ask("topic.leave", { topic }).catch(() => undefined);
  }

  /** Throw away how far a topic was known: its snapshot comes, now or by the next connection. */
  renew(topic: TopicName): void {
    this.#options.cursors.forget(topic);
    this.#on.kept?.();
    if (this.phase === "open" && !this.#isTaking) void this.#read();
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

  /** Take a reply the moment it is read: what was missed may come right behind it. */
  #ask(type: string, body: object, waiting: Waiting): void {
    const id = this.#nextId++;
    if (!this.link.send(this.#frameOf(id, type, body))) return waiting.reject(new NotConnected());
    this.#asked.set(id, waiting);
  }

  #hello(): void {
    this.#ask("hello", {}, {
      resolve: (welcome) => this.#welcomed(welcome as Welcome),
      reject: () => undefined, // the link has been lost again, or will be closed with a code that says why
    });
  }

  #frameOf(id: number, type: string, body: object): object {
    if (type !== "hello") return { id, type, body };
    return { id, type, ...this.#options.cursors.reached(), client: this.#options.app };
  }

  #welcomed(welcome: Welcome): void {
    this.welcome = welcome;
    this.#on.time?.(welcome.server_time);
    this.#stopReading(); // all that is missing comes with this, and is newer
    this.link.healthy(welcome.heartbeat_s * 2_000 + 5_000);
    this.#enter(welcome.epoch);
    this.#leaveAllBut(welcome.topics);
    for (const [topic, joined] of Object.entries(welcome.topics)) this.#joined(topic, joined);
    this.#on.kept?.();
    this.#receipts.sayAgain();
    this.#become("open");
    for (const topic of this.#followed) if (!(topic in welcome.topics)) this.#join(topic);
    this.#acts.next();
    // Another tab may have left what it could not send.
    void this.#options.outbox.refresh().then(() => this.#acts.next());
    this.flushFixes();
    if (this.#lacks(welcome.topics)) void this.#read();
  }

  /** Tell whether a topic of ours is to be read anew. */
  #lacks(topics: Record<TopicName, Joined>): boolean {
    return Object.keys(topics).some((topic) => this.#options.cursors.get(topic) === undefined);
  }

  #enter(epoch: string): void {
    if (!this.#options.cursors.enter(epoch)) return;
    this.#receipts.clear();
    this.#on.begunAnew?.();
  }

  /** What the server no longer names among our own is ours no more. */
  #leaveAllBut(named: Record<TopicName, Joined>): void {
    const known = Object.keys(this.#options.cursors.all());
    known.filter((topic) => !(topic in named) && !this.#followed.has(topic)).forEach((topic) => this.#revoked(topic));
  }

  #joined(topic: TopicName, joined: Joined): void {
    if (joined.recovered) return;
    this.#options.cursors.restart(topic, joined.head);
    this.#on.snapshot(topic, joined.snapshot ?? {}, joined.head);
    this.#delivered(topic, joined.head);
  }

  /** The server has joined us to a topic that we may see now. */
  #gained({ topic, head, snapshot }: Gained): void {
    this.#joined(topic, { head, recovered: false, snapshot });
    this.#on.kept?.();
  }

  /** Without a cursor the reply holds a snapshot; with one the missed events follow it. */
  #join(topic: TopicName): void {
    const { cursors } = this.#options;
    const cursor = cursors.get(topic);
    const body = cursor === undefined ? { topic } : { topic, cursor, epoch: cursors.epoch };
    this.#ask("topic.join", body, {
      resolve: (joined) => {
        this.#joined(topic, joined as Joined);
        this.#on.kept?.();
      },
      reject: (reason) => {
        if (reason instanceof Refused && isFinal(reason.problem)) this.#revoked(topic);
      },
    });
  }

  #send(pending: Pending): number | null {
    if (this.phase !== "open") return null;
    const id = this.#nextId++;
    return this.link.send({ id, type: pending.type, key: pending.key, body: pending.body }) ? id : null;
  }

  #received(text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    this.lastUpdate = new Date();
    if ("server_time" in frame) this.#on.time?.(frame.server_time);
    if ("reply" in frame) this.#reply(frame.reply, "result" in frame ? frame.result : undefined, "problem" in frame ? frame.problem : undefined);
    else if ("seq" in frame) this.#told(frame); // also of a type that is newer than this client
    else this.#toldBeside(frame);
    this.#on.changed?.(this.phase);
  }

  /** What has no number: it is not in the log. */
  #toldBeside(frame: Exclude<ServerFrame, EventFrame | { reply: number | null }>): void {
    switch (frame.type) {
      case "topic.joined":
      case "topic.revoked":
        return this.#told(frame);
      case "map.cells":
      case "map.people":
        return this.#on.map?.(frame);
      case "task.counts":
        return this.#on.counts?.(frame);
      case "heartbeat":
        return this.#heartbeat(frame.heads, frame.through);
      case "caught_up":
        return this.#caughtUp(frame.topics);
      case "restarting":
        return this.link.comeBackAfter(frame.retry_after_s * 1_000);
      case "stored":
        return this.#stored(frame.positions, frame.every_s);
    }
  }

  #reply(id: number | null, result: unknown, problem: Problem | undefined): void {
    if (id === null || this.#acts.replied(id, result, problem)) return;
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (problem) asked?.reject(new Refused(problem));
    else asked?.resolve(result);
  }

  get #hasNoSocket(): boolean {
    return this.phase !== "open" && !this.link.isOver;
  }

  /** What waits is sent, and what was missed is read, by the doors that need no socket. */
  async #overRest(): Promise<{ waits: boolean }> {
    // What is not tried can still be taken back: without a network there is nothing to try.
    const isOffline = () => this.phase === "offline";
    if (!isOffline()) await this.#acts.overRest(() => this.#hasNoSocket && !isOffline());
    if (this.#hasNoSocket && !isOffline()) await this.#read();
    if (this.#hasNoSocket) await this.#receiptOverRest();
    this.#isReceipted = true;
    return { waits: !this.#acts.isEmpty };
  }

  /** The cursors are a receipt too, as in hello: what was to be said may have been lost with the page. */
  async #receiptOverRest(): Promise<void> {
    if (!this.#isReceipted) for (const [topic, seq] of Object.entries(this.#options.cursors.all())) this.#delivered(topic, seq);
    const frame = this.#receipts.take(this.#options.cursors.epoch);
    if (frame) await this.#options.doors.receipt(frame).catch(() => this.#receipts.putBack(frame));
  }

  /** While something is read that was lost on the way, what comes after it waits: or it would be taken for old. */
  #told(frame: Told): void {
    if (this.#held) this.#held.push(frame);
    else if ("seq" in frame) this.#event(frame);
    else if (frame.type === "topic.joined") this.#gained(frame);
    else this.#revoked(frame.topic);
  }

  /** Without a cursor the topic's snapshot is still to come, and it will hold this. */
  #event(event: EventFrame): void {
    const { cursors } = this.#options;
    if (cursors.get(event.topic) === undefined || !cursors.isNew(event.topic, event.seq)) return;
    if (cursors.isHole(event.topic, event.seq)) return this.renew(event.topic);
    this.#on.event(event);
    if (cursors.get(event.topic) !== undefined) cursors.advance(event.topic, event.seq); // unless it is read anew
    this.#on.kept?.();
    this.#delivered(event.topic, event.seq);
  }

  #heartbeat(heads: Cursors, through: Cursors): void {
    if (this.#held) return;
    const { cursors } = this.#options;
    if (cursors.behind(heads).length > 0) void this.#read();
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

  /**
   * Read what was missed by the door that needs no socket; what a socket tells meanwhile waits.
   *
   * With all cursors: a topic of ours that is not named is answered by its snapshot.
   */
  async #read(): Promise<void> {
    const turn = (this.#reading += 1);
    this.#held ??= [];
    const { cursors, doors } = this.#options;
    const found = await doors.catchUp(cursors.reached()).catch(() => null);
    if (turn !== this.#reading) return; // another reading, or the hello of another connection, brings it all
    if (this.phase === "open" && found?.epoch !== cursors.epoch) return this.link.again(); // and so it does now
    if (found) this.#takeIn(found);
    if (found && this.#lacks(found.topics)) return this.#read();
    this.#release();
  }

  #takeIn(found: CaughtUp): void {
    this.lastUpdate = new Date();
    this.#isTaking = true; // what is to be read anew may stand further on
    this.#enter(found.epoch);
    this.#leaveAllBut(found.topics);
    for (const [topic, joined] of Object.entries(found.topics)) {
      this.#joined(topic, joined);
      for (const event of joined.events ?? []) this.#event(event);
      // Numbers above the last event are of events for others.
      this.#options.cursors.reach({ [topic]: joined.head });
    }
    this.#isTaking = false;
    this.#on.kept?.();
    this.#on.changed?.(this.phase);
  }

  /** What was read is newer than some of what waited for it. */
  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    const { cursors } = this.#options;
    const isOlder = (frame: Told) => "head" in frame && frame.head <= (cursors.get(frame.topic) ?? -1);
    for (const frame of held) {
      if (!isOlder(frame)) this.#told(frame);
      // Before it had joined us, the server took no receipt of what was read.
      else if ("head" in frame) this.#delivered(frame.topic, cursors.get(frame.topic) ?? 0);
    }
  }

  #stopReading(): void {
    this.#reading += 1;
    this.#held = null;
  }

  #stored(n: number, everyS: number | undefined): void {
    if (everyS && this.welcome) this.welcome.position_every_s = everyS;
    this.#options.fixes?.stored(n);
    this.flushFixes();
  }

  #revoked(topic: TopicName): void {
    const { cursors } = this.#options;
    if (!this.#followed.delete(topic) && cursors.get(topic) === undefined) return; // it has been left already
    cursors.forget(topic);
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
    this.#acts.lost();
    if (this.phase === "open") this.#stopReading(); // what a reading over REST brings counts without a socket too
    this.#options.fixes?.lost();
  }

  #become(phase: ClientPhase): void {
    this.phase = phase;
    if (phase === "open" && !this.#receipts.isEmpty) this.#receiptsSoon();
    if (phase === "open") this.#isReceipted = false;
    if (phase === "open") this.#detour.over();
    else this.#detour.soon();
    this.#on.changed?.(phase);
  }
}
