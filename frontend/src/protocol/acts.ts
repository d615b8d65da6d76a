import { Refused } from "./refused";
import { isFinal, type Outbox, type Pending } from "./outbox";
import type { Problem } from "./wire";

const REPLY_MS = 15_000;
const RETRY_MS = 3_000;

export interface ActDoors {
  /** Send a command over the socket; returns the id of its frame, null without a socket. */
  send(pending: Pending): number | null;
  /** Do it over REST; rejects with Refused, or anything else when no answer came. */
  act(pending: Pending): Promise<unknown>;
  /** The socket has not replied in time. */
  unanswered(): void;
  /** A command got its one answer, by whichever door that came first. */
  settled(pending: Pending, result: unknown, problem?: Problem): void;
}

/** Brings commands from the outbox to the server: one at a time, in their order, with the same key until answered. */
export class Acts {
  readonly #outbox: Outbox;
  readonly #doors: ActDoors;
  #sent: { id: number; pending: Pending; late: ReturnType<typeof setTimeout> } | null = null;

  constructor(outbox: Outbox, doors: ActDoors) {
    this.#outbox = outbox;
    this.#doors = doors;
  }

  get isEmpty(): boolean {
    return this.#outbox.all().length === 0;
  }

  /** Send the oldest over the socket, unless one is under way: a later wish must not be overtaken by an earlier one. */
  next(): void {
    if (this.#sent) return;
    const [pending] = this.#outbox.all();
    const id = pending ? this.#doors.send(pending) : null;
    if (!pending || id === null) return;
    this.#outbox.tried(pending);
    this.#sent = { id, pending, late: setTimeout(() => this.#doors.unanswered(), REPLY_MS) };
  }

  /** Take a reply; tells whether it was to a command from here. */
  replied(id: number, result: unknown, problem: Problem | undefined): boolean {
    if (this.#sent?.id !== id) return false;
    const { pending } = this.#sent;
    this.lost();
    if (problem && !isFinal(problem)) {
      setTimeout(() => this.next(), RETRY_MS);
    } else {
      this.#settle(pending, result, problem);
      this.next();
    }
    return true;
  }

  /** The socket is gone: whether the command under way was done is not known, so it goes again. */
  lost(): void {
    clearTimeout(this.#sent?.late);
    this.#sent = null;
  }

  /** Do what waits over REST, as long as `isWanted`. */
  async overRest(isWanted: () => boolean): Promise<void> {
    for (const pending of this.#outbox.all()) {
      if (!isWanted()) return;
      if (!this.#outbox.has(pending.key)) continue; // taken back meanwhile
      this.#outbox.tried(pending);
      try {
        this.#settle(pending, await this.#doors.act(pending));
      } catch (reason) {
        if (!(reason instanceof Refused && isFinal(reason.problem))) return; // in their order: the others wait too
        this.#settle(pending, undefined, reason.problem);
      }
    }
  }

  #settle(pending: Pending, result: unknown, problem?: Problem): void {
    if (!this.#outbox.has(pending.key)) return;
    this.#outbox.remove(pending.key);
    this.#doors.settled(pending, result, problem);
  }
}
