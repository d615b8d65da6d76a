import { Refused } from "../protocol/client";
import type { Pending } from "../protocol/outbox";
import type { Answer, CaughtUp, Problem, Reached } from "../protocol/wire";

const BASE = "/api/v1";
const WAIT_MS = 15_000;

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

/**
 * Call a REST door with the page's session. With a `key` the act is done once, however often it is asked for.
 *
 * Raises Refused with the problem, or TypeError when no answer of ours came: there is no network, or a portal or a proxy
 * has answered in the server's place.
 */
export async function call<Result>(method: string, path: string, body?: object, key?: string): Promise<Result> {
  const response = await fetch(BASE + path, {
    method,
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": csrfToken(),
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
    },
    signal: AbortSignal.timeout(WAIT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === 204) return undefined as Result;
  if (!response.headers.get("Content-Type")?.includes("json")) throw new TypeError(`no answer of ours: ${response.status}`);
  const answer: unknown = await response.json();
  if (response.ok) return answer as Result;
  throw new Refused(answer as Problem);
}

export const get = <Result>(path: string) => call<Result>("GET", path);
export const post = <Result>(path: string, body: object, key?: string) => call<Result>("POST", path, body, key);

/** Do a command of the outbox over REST: the same act as over the socket, by the same key. */
export async function act(pending: Pending): Promise<unknown> {
  if (pending.type === "duty.set") return call("PUT", "/me/duty", pending.body, pending.key);
  const { task, ...answer } = pending.body as Answer;
  return post(`/tasks/${task}/answer`, answer, pending.key);
}

/** Ask for what a client missed, by the door that needs no socket. */
export function catchUp(reached: Reached): Promise<CaughtUp> {
  return post<CaughtUp>("/catch-up", reached);
}
