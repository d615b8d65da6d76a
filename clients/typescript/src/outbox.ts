import { v7 as uuid7 } from "uuid";
import type { Shelf } from "./shelf.js";
import type { Problem } from "./wire.js";

/** A command that waits for its one reply. The key makes sending it again safe. */
export interface Pending {
  key: string;
  type: string;
  body: object;
  madeAt: string;
  /** It has been under way: whether the server has it is not known, and it cannot be taken back. */
  tried?: true;
}

const nameOf = (key: string) => `command.${key}`;

/**
 * Commands kept until the server has replied, through reloads and lost networks.
 *
 * Each has an entry of its own, so two tabs never overwrite each other's; both may send it, the key makes it one act.
 */
export class Outbox {
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  add(type: string, body: object): Pending {
    const pending = { key: uuid7(), type, body, madeAt: new Date().toISOString() };
    this.#shelf.set(nameOf(pending.key), pending);
    return pending;
  }

  /** From here on it may have arrived. Tells whether it still waits: another tab may have taken it back, or had its reply. */
  async claim(pending: Pending): Promise<boolean> {
    if (pending.tried) return this.has(pending.key);
    const claimed = await this.#shelf.change<Pending>(nameOf(pending.key), (held) => held && { ...held, tried: true });
    return claimed !== undefined;
  }

  /** Take back what has not been under way, from here or from another tab; tells whether that could be done. */
  async takeBack(key: string): Promise<boolean> {
    let isBack = false;
    await this.#shelf.change<Pending>(nameOf(key), (held) => {
      isBack = held !== undefined && !held.tried;
      return isBack ? undefined : held;
    });
    return isBack;
  }

  has(key: string): boolean {
    return this.#shelf.get(nameOf(key)) !== undefined;
  }

  /** Tell whether it outlives the page: it is written, not only at hand. */
  isKept(key: string): boolean {
    return this.#shelf.isWritten(nameOf(key));
  }

  remove(key: string): void {
    this.#shelf.remove(nameOf(key));
  }

  /** Return what waits, oldest first. */
  all(): Pending[] {
    return this.#shelf.all(nameOf("")) as Pending[];
  }

  /** Read again what other tabs have left here. */
  refresh(): Promise<void> {
    return this.#shelf.refresh(nameOf(""));
  }
}

const PASSING = [401, 408, 429];

/** Tell whether a problem ends the command. Others pass: the server is busy, the network slow, or the session ended. */
export function isFinal(problem: Problem): boolean {
  return problem.status < 500 && !PASSING.includes(problem.status);
}
