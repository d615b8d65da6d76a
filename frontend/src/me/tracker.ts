import type { Fix, FixQueue } from "muster-client";
import { clock } from "../lib/clock";

export type TrackerState = "off" | "on" | "denied" | "unavailable";

interface BatteryNavigator extends Navigator {
  getBattery?: () => Promise<{ level: number }>;
}

/** Reads positions while it is on, and never otherwise. The Geolocation API speaks WGS-84. */
export class Tracker {
  state: TrackerState = "off";
  everyS = 30;
  readonly #queue: FixQueue;
  readonly #changed: () => void;
  #watch: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #latest: GeolocationPosition | null = null;
  #lastTaken = 0;

  constructor(queue: FixQueue, changed: () => void) {
    this.#queue = queue;
    this.#changed = changed;
  }

  turn(on: boolean): void {
    if (on && this.#watch === null) this.#start();
    if (!on && this.#watch !== null) this.#stop();
  }

  #start(): void {
    if (!("geolocation" in navigator)) return this.#become("unavailable");
    this.#watch = navigator.geolocation.watchPosition(
      (position) => this.#got(position),
      (error) => this.#become(error.code === error.PERMISSION_DENIED ? "denied" : "unavailable"),
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 60_000 },
    );
    // A volunteer who stands still is reported too: silence would look like a dead phone.
    this.#timer = setInterval(() => void this.#take(), 5_000);
    this.#become("on");
  }

  #stop(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = null;
    this.#latest = null;
    this.#lastTaken = 0;
    this.#become("off");
  }

  #got(position: GeolocationPosition): void {
    this.#latest = position;
    this.#become("on");
    void this.#take();
  }

  async #take(): Promise<void> {
    const now = Date.now();
    if (!this.#latest || now - this.#lastTaken < this.everyS * 1_000) return;
    this.#lastTaken = now;
    const { coords, timestamp } = this.#latest;
    // By the server's clock, that this one may differ from; and a receiver may have a clock of its own.
    const ageMs = now - timestamp;
    const isFresh = ageMs >= 0 && ageMs < this.everyS * 2_000;
    const fix: Fix = {
      at: new Date(clock.now() - (isFresh ? ageMs : 0)).toISOString(),
      lon: coords.longitude,
      lat: coords.latitude,
      datum: "wgs84",
      acc_m: Math.min(100_000, Math.round(coords.accuracy)),
    };
    const battery = await (navigator as BatteryNavigator).getBattery?.().catch(() => null);
    if (this.#watch === null) return;
    this.#queue.add(battery ? { ...fix, battery: Math.round(battery.level * 100) } : fix);
    this.#changed();
  }

  #become(state: TrackerState): void {
    if (state === this.state) return;
    this.state = state;
    this.#changed();
  }
}
