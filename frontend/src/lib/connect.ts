import { Client, type Listener } from "../protocol/client";
import { CursorBook } from "../protocol/cursors";
import type { FixQueue } from "../protocol/fixes";
import { followBrowser } from "../protocol/link";
import { Outbox } from "../protocol/outbox";
import { catchUp } from "./api";
import { VERSION } from "./boot";

/** Make the page's client: the session cookie signs it in. */
export function connect(
  app: string,
  owner: string,
  listener: Listener,
  kept: { cursors?: CursorBook; fixes?: FixQueue } = {},
): Client {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const client = new Client(
    {
      link: { url: `${scheme}://${location.host}/ws/v1/` },
      app: { app, version: VERSION },
      cursors: kept.cursors ?? new CursorBook(),
      outbox: new Outbox(localStorage, owner),
      catchUp,
      ...(kept.fixes ? { fixes: kept.fixes } : {}),
    },
    listener,
  );
  followBrowser(client.link);
  return client;
}
