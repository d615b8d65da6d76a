/**
 * Lets the conformance kit try this client: does what the lines on stdin wish, as the person with the phone would.
 *
 * `script/conformance --hands "node --experimental-websocket driver.js"` starts it, once it is built.
 */
import { createInterface } from "node:readline";
import { Device } from "./device.js";

const { MUSTER_ADDRESS: address = "", MUSTER_NUMBER: number = "", MUSTER_PASSWORD: password = "", MUSTER_PACE: pace = "1" } = process.env;

/** Pauses and time limits pass faster by this, all of them: the client's own, and the driver's. */
const timer = globalThis.setTimeout;
globalThis.setTimeout = ((act: () => void, ms = 0, ...given: unknown[]) => timer(act, ms / Number(pace), ...given)) as typeof setTimeout;

const device = new Device({ address, number, password });

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [word, task = ""] = line.trim().split(" ");
    if (word === "sign-in") void device.signIn();
    else if (word === "start") device.start();
    else if (word === "accept") device.accept(task);
    else if (word === "look") device.look(task);
  })
  .on("close", () => process.exit(0));
