import { Rest } from "muster-client";
import { clock } from "./clock";

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

/** The doors of the page's own server, by the page's session. */
export const rest = new Rest(
  "",
  () => ({ "X-CSRFToken": csrfToken() }),
  (date) => clock.heard(date, true),
);

export const call = <Result>(method: string, path: string, body?: object, key?: string) => rest.call<Result>(method, path, body, key);
export const get = <Result>(path: string) => rest.get<Result>(path);
export const post = <Result>(path: string, body: object, key?: string) => rest.post<Result>(path, body, key);
