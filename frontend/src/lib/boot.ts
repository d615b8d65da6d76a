import { byId } from "./page";

/** What the server wrote into the page. */
export interface Boot {
  number: string;
  name: string;
  language: string;
  mapStyleUrl: string;
  assets: string;
  /** Seconds of the server's time in one of this device's: 1, but for rehearsals. */
  clockRate: number;
}

export const boot = (): Boot => JSON.parse(byId("boot").textContent ?? "{}") as Boot;
export const VERSION = "1";
