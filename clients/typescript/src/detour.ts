const AFTER_MS = 10_000;
const EVERY_MS = 20_000;

/** A network may let no socket through: goes another way then, again and again, until there is one. */
export class Detour {
  readonly #isWanted: () => boolean;
  readonly #go: () => Promise<{ waits: boolean }>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isUnderWay = false;
  #isKnown = false;

  /** `go` tells whether something still waits to be sent. */
  constructor(isWanted: () => boolean, go: () => Promise<{ waits: boolean }>) {
    this.#isWanted = isWanted;
    this.#go = go;
  }

  /** There is no socket now: go in a while, unless there is one by then. */
  soon(afterMs = AFTER_MS): void {
    if (!this.#isUnderWay) this.#timer ??= setTimeout(() => void this.#turn(), afterMs);
  }

  /** Something has to be sent: at once, where it is known that no socket comes. */
  send(): void {
    if (this.#isKnown && !this.#isUnderWay) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.soon(this.#isKnown ? 0 : AFTER_MS);
  }

  /** There is a socket. */
  over(): void {
    this.#isKnown = false;
  }

  async #turn(): Promise<void> {
    this.#timer = undefined;
    if (!this.#isWanted()) return;
    this.#isUnderWay = this.#isKnown = true;
    const { waits } = await this.#go().finally(() => (this.#isUnderWay = false));
    if (this.#isWanted()) this.soon(waits ? AFTER_MS : EVERY_MS);
  }
}
