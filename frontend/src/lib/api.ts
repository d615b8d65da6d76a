import { Refused } from "../protocol/client";
import type { CaughtUp, Problem, Reached } from "../protocol/wire";

const BASE = "/api/v1";
const WAIT_MS = 15_000;

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

/** Call a REST door with the page's session; raises Refused with the problem, or TypeError without a network. */
export async function call<Result>(method: string, path: string, body?: object): Promise<Result> {
  const response = await fetch(BASE + path, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    signal: AbortSignal.timeout(WAIT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === 204) return undefined as Result;
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const answer: unknown = isJson ? await response.json() : null;
  if (response.ok) return answer as Result;
  throw new Refused((answer as Problem | null) ?? unforeseen(response.status));
}

export const get = <Result>(path: string) => call<Result>("GET", path);
export const post = <Result>(path: string, body: object) => call<Result>("POST", path, body);

/** Ask for what a client missed, by the door that needs no socket. */
export function catchUp(reached: Reached): Promise<CaughtUp> {
  return post<CaughtUp>("/catch-up", reached);
}

function unforeseen(status: number): Problem {
  return { type: "/problems/internal", title: "", status, detail: "" };
}
