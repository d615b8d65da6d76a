import type { Cursors, TopicName } from "./wire.js";

/** How far a phone has got in each topic, in which epoch of the log: in another one the numbers mean something else. */
export interface Reached {
  epoch: string;
  cursors: Cursors;
}

/**
 * How far this client has got in each topic.
 *
 * A topic's numbers have no gaps, but an event may be for somebody else, so the numbers one client sees may skip.
 * A loss therefore shows by the heads of the heartbeat: behind the same head at two heartbeats means missed, not late.
 * Where nothing is missing the cursor goes on to what the server says was sent or was for others.
 */
export class CursorBook {
  readonly #seqs: Map<TopicName, number>;
  #late: Cursors = {};
  #epoch: string;

  constructor(saved: Cursors = {}, epoch = "") {
    this.#seqs = new Map(Object.entries(saved));
    this.#epoch = epoch;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Return what a server has to know to send only what is missing. */
  reached(): Reached {
    return { epoch: this.#epoch, cursors: this.all() };
  }

  /** Go on in the epoch that the server names; tells whether it is another, in which no cursor of before counts. */
  enter(epoch: string): boolean {
    if (epoch === this.#epoch) return false;
    this.#epoch = epoch;
    this.#seqs.clear();
    this.#late = {};
    return true;
  }

  /** Tell whether an event is new. Say `advance` once its effect is kept. */
  isNew(topic: TopicName, seq: number): boolean {
    return seq > (this.#seqs.get(topic) ?? 0);
  }

  /** Tell whether something before this was lost: in our own topic every event is ours, and no number skips. */
  isHole(topic: TopicName, seq: number): boolean {
    return topic.startsWith("person.") && seq > (this.#seqs.get(topic) ?? 0) + 1;
  }

  /** Move forward, never back. */
  advance(topic: TopicName, seq: number): void {
    if (seq > (this.#seqs.get(topic) ?? -1)) this.#seqs.set(topic, seq);
  }

  /** Start a topic again at `seq`: a snapshot replaced everything known about it. */
  restart(topic: TopicName, seq: number): void {
    this.#seqs.set(topic, seq);
  }

  forget(topic: TopicName): void {
    this.#seqs.delete(topic);
  }

  /** Return the topics that stand behind a head which the heartbeat before this one named already. */
  behind(heads: Cursors): TopicName[] {
    const known = Object.entries(heads).filter(([topic]) => this.#seqs.has(topic));
    const late = known.filter(([topic, head]) => this.isNew(topic, head));
    const missed = late.filter(([topic]) => this.isNew(topic, this.#late[topic] ?? 0));
    this.#late = Object.fromEntries(late);
    return missed.map(([topic]) => topic);
  }

  /** Everything up to these numbers has come or was for others: go on to there, in topics that are known and whole. */
  reach(through: Cursors, heads: Cursors = {}): void {
    for (const [topic, number] of Object.entries(through)) {
      if (this.#seqs.has(topic) && !this.isNew(topic, heads[topic] ?? 0)) this.advance(topic, number);
    }
  }

  get(topic: TopicName): number | undefined {
    return this.#seqs.get(topic);
  }

  all(): Cursors {
    return Object.fromEntries(this.#seqs);
  }
}
