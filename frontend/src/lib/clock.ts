/** A `Date` header tells whole seconds, and takes its way: nearer than this it says nothing new. */
const ROUGH_MS = 5_000;

/** Tells the server's time, whatever this device's clock shows. */
export class Clock {
  #offsetMs = 0;

  readonly now = (): number => Date.now() + this.#offsetMs;

  readonly date = (): Date => new Date(this.now());

  /** The server has told its time, just now. */
  heard(instant: string, isRough = false): void {
    const told = Date.parse(instant);
    if (Number.isNaN(told) || (isRough && Math.abs(told - this.now()) < ROUGH_MS)) return;
    this.#offsetMs = told - Date.now();
  }
}

/** The page's: all that is relative, or compared with what the server says, goes by it. */
export const clock = new Clock();
