/** The client of a Muster server: what an app needs besides its screens. */
export { afterClose, exponential, type Next } from "./backoff.js";
export { openStore } from "./browser.js";
export { Client, NotConnected, SUBPROTOCOL, type ClientOptions, type ClientPhase, type Listener } from "./client.js";
export type { Doors } from "./doors.js";
export { CursorBook, type Reached } from "./cursors.js";
export { FixQueue } from "./fixes.js";
export { endAfter } from "./intime.js";
export { followBrowser, Link, type LinkOptions } from "./link.js";
export { isFinal, Outbox, type Pending } from "./outbox.js";
export { Refused } from "./refused.js";
export { Rest } from "./rest.js";
export { Shelf } from "./shelf.js";
export { MemoryStore, type Store } from "./store.js";
export * from "./wire.js";
