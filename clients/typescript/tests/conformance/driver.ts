/**
 * Lets the conformance kit try this client: does what the lines on stdin wish, as the person with the phone would.
 *
 * `script/conformance --hands "node --experimental-websocket driver.js"` starts it, once it is built.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Device, type Installation } from "./device.js";

const { pace, ...installation } = JSON.parse(readFileSync(process.env.MUSTER_CONFORMANCE!, "utf8")) as Installation & { pace: number };

/** Pauses and time limits pass faster by this, all of them: the client's own, and the driver's. */
const timer = globalThis.setTimeout;
globalThis.setTimeout = ((act: () => void, ms = 0, ...given: unknown[]) => timer(act, ms / pace, ...given)) as typeof setTimeout;

const device = new Device(installation);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [word, task = ""] = line.trim().split(" ");
    if (word === "sign-in") void device.signIn();
    else if (word === "start") device.start();
    else if (word === "accept") device.accept(task);
    else if (word === "look") device.look(task);
  })
  .on("close", () => process.exit(0));
