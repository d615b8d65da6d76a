/** A `Date` header tells whole seconds, and takes its way: nearer than this it says nothing new. */
const ROUGH_MS = 5_000;

/** Tells the server's time, whatever this device's clock shows. */
export class Clock {
  #told = Date.now();
  #heardAt = this.#told;

  /** `rate`: how many seconds of the server's time pass in one; another than 1 in a rehearsal alone. */
  constructor(readonly rate = 1) {}

  readonly now = (): number => this.#told + (Date.now() - this.#heardAt) * this.rate;

  readonly date = (): Date => new Date(this.now());

  /** The server has told its time, just now. */
  heard(instant: string, isRough = false): void {
    const told = Date.parse(instant);
    if (Number.isNaN(told) || (isRough && Math.abs(told - this.now()) < ROUGH_MS)) return;
    [this.#told, this.#heardAt] = [told, Date.now()];
  }
}

/** The page's: all that is relative, or compared with what the server says, goes by it. */
export const clock = new Clock(rateOfPage());

function rateOfPage(): number {
  const boot = globalThis.document?.getElementById("boot")?.textContent;
  return boot ? ((JSON.parse(boot) as { clockRate?: number }).clockRate ?? 1) : 1;
}
