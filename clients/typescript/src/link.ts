import { afterClose } from "./backoff.js";

export type Phase = "connecting" | "open" | "waiting" | "offline" | "signed-out" | "renumbered" | "stopped";

export interface LinkCallbacks {
  /** The socket is open; nothing has been said yet. */
  opened(): void;
  received(text: string): void;
  closed(): void;
  changed(phase: Phase): void;
}

export interface LinkOptions {
  url: string;
  subprotocol: string;
  random?: () => number;
  makeSocket?: (url: string, subprotocol: string) => WebSocket;
  isOnline?: () => boolean;
}

const HANDSHAKE_MS = 15_000;
/** A process that has just started answers thousands of hellos at once. */
const HELLO_MS = 20_000;
const PONG_MS = 5_000;

/** One socket at a time, kept alive: knows close codes, delays and silence, and nothing of what is said. */
export class Link {
  phase: Phase = "waiting";
  /** Why it has stopped, as long as it is `stopped`: this program broke the protocol, or the device was signed out. */
  why: "malformed" | "revoked" | null = null;
  #silenceMs = HELLO_MS;
  #attempt = 0;
  #givenMs: number | null = null;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  readonly #on: LinkCallbacks;
  readonly #options: Required<LinkOptions>;

  constructor(options: LinkOptions, on: LinkCallbacks) {
    this.#on = on;
    this.#options = {
      random: Math.random,
      makeSocket: (url, subprotocol) => new WebSocket(url, subprotocol),
      // Node has no such sign: there the socket itself tells.
      isOnline: () => globalThis.navigator?.onLine ?? true,
      ...options,
    };
  }

  /** Connect now, whatever delay is running. */
  connect(): void {
    clearTimeout(this.#retry);
    if (this.#socket || this.isOver) return;
    if (!this.#options.isOnline()) return this.#become("offline");
    this.#become("connecting");
    const socket = this.#options.makeSocket(this.#options.url, this.#options.subprotocol);
    this.#socket = socket;
    socket.onopen = () => socket === this.#socket && this.#opened();
    socket.onmessage = (message) => socket === this.#socket && this.#received(String(message.data));
    socket.onclose = (close) => socket === this.#socket && this.#closed(close.code);
    this.#watch(HANDSHAKE_MS);
  }

  /** The network came back, or the page is in front again: do not wait for a timer. */
  wake(): void {
    if (this.phase === "open") {
      this.send({ type: "ping" });
      this.#watch(PONG_MS);
    } else {
      this.#attempt = 0;
      this.connect();
    }
  }

  /** The network is gone: a socket would only find out minutes later. */
  sleep(): void {
    clearTimeout(this.#retry);
    if (this.#socket) this.#drop();
    if (!this.isOver) this.#become("offline");
  }

  /** Leave this socket and come back by another: what was lost on it is sent again from our cursors. */
  again(): void {
    if (!this.#socket) return;
    this.#drop();
    this.#again(1006);
  }

  /** The other side has understood us: failures count from 0 again, and silence up to `silenceMs` is healthy. */
  healthy(silenceMs: number): void {
    this.#attempt = 0;
    this.#silenceMs = silenceMs;
    this.#watch(silenceMs);
  }

  /** The server is going to restart and has given us a time to come back at. */
  comeBackAfter(ms: number): void {
    this.#givenMs = ms;
  }

  send(frame: object): boolean {
    if (this.phase !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Nothing that this link could do brings a connection: its page has to. */
  get isOver(): boolean {
    return this.phase === "stopped" || this.phase === "signed-out" || this.phase === "renumbered";
  }

  #opened(): void {
    this.#become("open");
    this.#silenceMs = HELLO_MS;
    this.#watch(HELLO_MS);
    this.#on.opened();
  }

  #received(text: string): void {
    this.#watch(this.#silenceMs);
    this.#on.received(text);
  }

  #watch(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.again(), ms);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    socket?.close();
    this.#on.closed();
  }

  #closed(code: number): void {
    this.#socket = null;
    clearTimeout(this.#watchdog);
    this.#on.closed();
    this.#again(code);
  }

  #again(code: number): void {
    const next = afterClose(code, this.#attempt, this.#options.random(), this.#givenMs);
    this.#givenMs = null;
    this.#attempt += 1;
    this.why = next.act === "stop" ? next.why : null;
    if (next.act === "stop") return this.#become("stopped");
    if (next.act === "sign-in") return this.#become("signed-out");
    if (next.act === "begin-anew") return this.#become("renumbered");
    if (!this.#options.isOnline()) return this.#become("offline");
    this.#become("waiting");
    this.#retry = setTimeout(() => this.connect(), next.afterMs);
  }

  #become(phase: Phase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.#on.changed(phase);
  }
}

/** Let the browser's own signs wake the link and put it to sleep. */
export function followBrowser(link: Pick<Link, "wake" | "sleep">): void {
  window.addEventListener("online", () => link.wake());
  window.addEventListener("offline", () => link.sleep());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") link.wake();
  });
  // A page from the back-forward cache has lost its socket without being told.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) link.wake();
  });
}
