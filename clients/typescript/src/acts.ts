import { Refused } from "./refused.js";
import { isFinal, type Outbox, type Pending } from "./outbox.js";
import type { Problem } from "./wire.js";

const REPLY_MS = 15_000;
const RETRY_MS = 3_000;

export interface ActDoors {
  /** Whether a command may be sent over the socket now. */
  isOpen(): boolean;
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
  #isSending = false;
  #isPaused = false;

  constructor(outbox: Outbox, doors: ActDoors) {
    this.#outbox = outbox;
    this.#doors = doors;
  }

  get isEmpty(): boolean {
    return this.#outbox.all().length === 0;
  }

  /** Send the oldest over the socket, unless one is under way: a later wish must not be overtaken by an earlier one. */
  next(): void {
    if (this.#sent || this.#isSending || this.#isPaused || this.isEmpty || !this.#doors.isOpen()) return;
    this.#isSending = true;
    void this.#send().finally(() => (this.#isSending = false));
  }

  /** What is sent has been claimed before: from then on it cannot be taken back, here or in another tab. */
  async #send(): Promise<void> {
    for (let [pending] = this.#outbox.all(); pending; [pending] = this.#outbox.all()) {
      if (!(await this.#outbox.claim(pending))) continue;
      const id = this.#doors.send(pending);
      if (id !== null) this.#sent = { id, pending, late: setTimeout(() => this.#doors.unanswered(), REPLY_MS) };
      return;
    }
  }

  /** Take a reply; tells whether it was to a command from here. */
  replied(id: number, result: unknown, problem: Problem | undefined): boolean {
    if (this.#sent?.id !== id) return false;
    const { pending } = this.#sent;
    this.lost();
    if (problem && !isFinal(problem)) {
      this.#pause(problem);
    } else {
      this.#settle(pending, result, problem);
      this.next();
    }
    return true;
  }

  /** What is refused for now waits as long as the server says, with all that comes after it, over a new connection too. */
  #pause({ retry_after_s: seconds }: Problem): void {
    this.#isPaused = true;
    const goOn = () => {
      this.#isPaused = false;
      this.next();
    };
    setTimeout(goOn, seconds ? seconds * 1_000 : RETRY_MS);
  }

  /** The socket is gone: whether the command under way was done is not known, so it goes again. */
  lost(): void {
    clearTimeout(this.#sent?.late);
    this.#sent = null;
  }

  /** Do what waits over REST, as long as `isWanted`. */
  async overRest(isWanted: () => boolean): Promise<void> {
    for (const pending of this.#outbox.all()) {
      if (!isWanted() || this.#isPaused) return;
      if (!(await this.#outbox.claim(pending))) continue; // taken back meanwhile
      try {
        this.#settle(pending, await this.#doors.act(pending));
      } catch (reason) {
        if (!(reason instanceof Refused)) return; // in their order: the others wait too
        if (!isFinal(reason.problem)) return this.#pause(reason.problem);
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
