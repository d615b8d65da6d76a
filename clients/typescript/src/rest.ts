import type { Reached } from "./cursors.js";
import { endAfter } from "./intime.js";
import { Refused } from "./refused.js";
import type { Pending } from "./outbox.js";
import type { Answer, CaughtUp, Problem, ReceiptFrame } from "./wire.js";

const BASE = "/api/v1";
const WAIT_MS = 20_000;
const OURS = ["application/json", "application/problem+json"];

/** The REST doors of one server, `origin`; empty on a page, whose server it is. */
export class Rest {
  readonly #origin: string;
  readonly #headers: () => Record<string, string>;

  readonly #heard: (date: string) => void;

  /** `headers` say who calls, anew for each request; `heard` is told the `Date` of each answer of ours. */
  constructor(origin: string, headers: () => Record<string, string>, heard: (date: string) => void = () => undefined) {
    this.#origin = origin;
    this.#heard = heard;
    this.#headers = headers;
  }

  /**
   * Call a door. With a `key` the act is done once, however often it is asked for.
   *
   * Raises Refused with the problem, or TypeError when no answer of ours came: there is no network, or a portal or a
   * proxy has answered in the server's place.
   */
  async call<Result>(method: string, path: string, body?: object, key?: string): Promise<Result> {
    const late = endAfter(WAIT_MS);
    try {
      const response = await fetch(this.#origin + BASE + path, {
        method,
        credentials: "same-origin",
        headers: {
          "Content-Type": "application/json",
          ...this.#headers(),
          ...(key === undefined ? {} : { "Idempotency-Key": key }),
        },
        signal: late.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await this.#answer<Result>(response);
    } finally {
      late.done();
    }
  }

  async #answer<Result>(response: Response): Promise<Result> {
    const isEmpty = response.status === 204;
    if (isEmpty || isOurs(response)) this.#heard(response.headers.get("Date") ?? "");
    if (isEmpty) return undefined as Result;
    if (!isOurs(response)) throw new TypeError(`no answer of ours: ${response.status}`);
    const answer: unknown = await response.json();
    if (response.ok) return answer as Result;
    throw new Refused(answer as Problem);
  }

  get<Result>(path: string): Promise<Result> {
    return this.call<Result>("GET", path);
  }

  post<Result>(path: string, body: object, key?: string): Promise<Result> {
    return this.call<Result>("POST", path, body, key);
  }

  /** Do a command of the outbox: the same act as over the socket, by the same key. */
  async act(pending: Pending): Promise<unknown> {
    if (pending.type === "duty.set") return this.call("PUT", "/me/duty", pending.body, pending.key);
    const { task, ...answer } = pending.body as Answer;
    return this.post(`/tasks/${task}/answer`, answer, pending.key);
  }

  /** Ask for what a client missed, by the door that needs no socket. */
  catchUp(reached: Reached): Promise<CaughtUp> {
    return this.post<CaughtUp>("/catch-up", reached);
  }

  /** Tell how far was received and seen. */
  async receipt({ epoch, delivered = {}, seen = {} }: ReceiptFrame): Promise<void> {
    await this.post("/receipts", { epoch, delivered, seen });
  }
}

/** Tell an answer of the server's from one that something on the way has given, in JSON of its own perhaps. */
function isOurs(response: Response): boolean {
  const type = (response.headers.get("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();
  return OURS.includes(type);
}
