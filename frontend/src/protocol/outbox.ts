import { v7 as uuid7 } from "uuid";
import type { Problem } from "./wire";

/** A command that waits for its one reply. The key makes sending it again safe. */
export interface Pending {
  key: string;
  type: string;
  body: object;
  madeAt: string;
  /** It has been under way: whether the server has it is not known, and it cannot be taken back. */
  tried?: true;
}

/** What `Storage` offers and the outbox needs. */
export interface Shelf {
  readonly length: number;
  key(index: number): string | null;
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/**
 * Commands kept until the server has replied, through reloads and lost networks.
 *
 * Each has an entry of its own, so two tabs never overwrite each other's; both may send it, the key makes it one act.
 */
export class Outbox {
  readonly #shelf: Shelf;
  readonly #prefix: string;

  constructor(shelf: Shelf, owner: string) {
    this.#shelf = shelf;
    this.#prefix = `muster.${owner}.command.`;
  }

  add(type: string, body: object): Pending {
    const pending = { key: uuid7(), type, body, madeAt: new Date().toISOString() };
    this.#shelf.setItem(this.#prefix + pending.key, JSON.stringify(pending));
    return pending;
  }

  /** From here on it may have arrived. */
  tried(pending: Pending): void {
    if (!pending.tried && this.has(pending.key)) this.#shelf.setItem(this.#prefix + pending.key, JSON.stringify({ ...pending, tried: true }));
  }

  /** Take back what has not been under way; tells whether that could be done. */
  takeBack(key: string): boolean {
    const pending = this.all().find((waiting) => waiting.key === key);
    if (!pending || pending.tried) return false;
    this.remove(key);
    return true;
  }

  has(key: string): boolean {
    return this.#shelf.getItem(this.#prefix + key) !== null;
  }

  remove(key: string): void {
    this.#shelf.removeItem(this.#prefix + key);
  }

  /** Return what waits, oldest first. */
  all(): Pending[] {
    const names = Array.from({ length: this.#shelf.length }, (_, index) => this.#shelf.key(index) ?? "");
    const mine = names.filter((name) => name.startsWith(this.#prefix)).sort();
    return mine.map((name) => this.#shelf.getItem(name)).flatMap((text) => (text ? [JSON.parse(text) as Pending] : []));
  }
}

const PASSING = [401, 408, 429];

/** Tell whether a problem ends the command. Others pass: the server is busy, the network slow, or the session ended. */
export function isFinal(problem: Problem): boolean {
  return problem.status < 500 && !PASSING.includes(problem.status);
}
