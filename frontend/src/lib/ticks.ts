import { signal } from "@preact/signals";
import { clock } from "./clock";

const MINUTE_MS = 60_000;

/** Moves once a minute, and when the page is looked at again: what depends on the time reads it. */
export const minute = signal(0);
/** The day by this device's calendar: what says “tomorrow” reads it. */
export const today = signal("");

export function tick(): void {
  minute.value += 1;
  today.value = clock.date().toDateString();
}

export function startTicking(): void {
  tick();
  setInterval(tick, MINUTE_MS);
  document.addEventListener("visibilitychange", tick);
}
