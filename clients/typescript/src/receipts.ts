import type { Cursors, ReceiptFrame, TopicName } from "./wire.js";

/** Collects how far was received and seen, and gives one frame for all of it. */
export class ReceiptBatch {
  #delivered: Cursors = {};
  #seen: Cursors = {};
  #toldSeen: Cursors = {};

  delivered(topic: TopicName, seq: number): void {
    raise(this.#delivered, topic, seq);
  }

  /** What has been told once is not told again. */
  seen(topic: TopicName, seq: number): void {
    if (seq > (this.#toldSeen[topic] ?? 0)) raise(this.#seen, topic, seq);
  }

  get isEmpty(): boolean {
    return Object.keys(this.#delivered).length === 0 && Object.keys(this.#seen).length === 0;
  }

  /** Forget everything: the log is another, and its numbers mean something else. */
  clear(): void {
    this.#delivered = {};
    this.#seen = {};
    this.#toldSeen = {};
  }

  /** A receipt gets no answer: what was told as seen may have been lost with the connection, so it is said once more. */
  sayAgain(): void {
    this.#putBack(this.#seen, this.#toldSeen);
  }

  /** This receipt did not arrive. */
  putBack({ delivered = {}, seen = {} }: ReceiptFrame): void {
    this.#putBack(this.#delivered, delivered);
    this.#putBack(this.#seen, seen);
  }

  #putBack(waiting: Cursors, told: Cursors): void {
    for (const [topic, seq] of Object.entries(told)) raise(waiting, topic, seq);
  }

  /** Return the frame to send and start a new batch; null when there is nothing to tell. */
  take(epoch: string): ReceiptFrame | null {
    if (this.isEmpty) return null;
    const frame: ReceiptFrame = { type: "receipt", epoch };
    if (Object.keys(this.#delivered).length > 0) frame.delivered = this.#delivered;
    if (Object.keys(this.#seen).length > 0) frame.seen = this.#seen;
    for (const [topic, seq] of Object.entries(this.#seen)) raise(this.#toldSeen, topic, seq);
    this.#delivered = {};
    this.#seen = {};
    return frame;
  }
}

function raise(cursors: Cursors, topic: TopicName, seq: number): void {
  cursors[topic] = Math.max(seq, cursors[topic] ?? 0);
}
