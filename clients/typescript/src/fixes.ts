import type { Shelf } from "./shelf.js";
import type { Fix, PositionFrame } from "./wire.js";

export const MOST_KEPT = 2_000;
export const BATCH = 100;
const NAME = "fixes";

/** Positions kept until the server has stored them; this queue is the durable one. The oldest go when it is full. */
export class FixQueue {
  readonly #shelf: Shelf;
  readonly #most: number;
  #fixes: Fix[];
  #sent: { n: number; count: number } | null = null;
  #n = 0;

  constructor(shelf: Shelf, most = MOST_KEPT) {
    this.#shelf = shelf;
    this.#most = most;
    this.#fixes = [...((shelf.get(NAME) as Fix[] | undefined) ?? [])];
  }

  get length(): number {
    return this.#fixes.length;
  }

  add(fix: Fix): void {
    this.#fixes.push(fix);
    const excess = this.#fixes.length - this.#most;
    if (excess > 0) {
      this.#fixes.splice(0, excess);
      if (this.#sent) this.#sent.count = Math.max(0, this.#sent.count - excess);
    }
    this.#keep();
  }

  /** Return the next frame, or null while one is under way or nothing waits. */
  next(): PositionFrame | null {
    if (this.#sent || this.#fixes.length === 0) return null;
    const fixes = this.#fixes.slice(0, BATCH);
    this.#n += 1;
    this.#sent = { n: this.#n, count: fixes.length };
    return { type: "position", n: this.#n, fixes };
  }

  /** The server has stored (or refused for good) frame `n`. */
  stored(n: number): void {
    if (this.#sent?.n !== n) return;
    this.#fixes.splice(0, this.#sent.count);
    this.#sent = null;
    this.#keep();
  }

  /** The connection is gone: what was under way is sent again on the next one. */
  lost(): void {
    this.#sent = null;
  }

  clear(): void {
    this.#fixes = [];
    this.#sent = null;
    this.#keep();
  }

  #keep(): void {
    this.#shelf.set(NAME, [...this.#fixes]);
  }
}
