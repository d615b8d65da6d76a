import { Client, CursorBook, type FixQueue, followBrowser, type Listener, Outbox, Shelf } from "muster-client";
import { rest } from "./api";
import { VERSION } from "./boot";
import { clock } from "./clock";
import { showCode, tellOfDevice } from "../parts/signin";

/** Make the page's client: the session cookie signs it in. */
export function connect(
  app: string,
  listener: Listener,
  kept: { cursors?: CursorBook; outbox?: Outbox; fixes?: FixQueue } = {},
): Client {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const client = new Client(
    {
      link: { url: `${scheme}://${location.host}/ws/v1/` },
      app: { app, version: VERSION },
      cursors: kept.cursors ?? new CursorBook(),
      outbox: kept.outbox ?? new Outbox(Shelf.empty()),
      doors: rest,
      ...(kept.fixes ? { fixes: kept.fixes } : {}),
    },
    {
      ...listener,
      time: (instant) => clock.heard(instant),
      event: (event) => {
        if (event.type === "sign_in.code") showCode(event);
        else if (event.type === "device.introduced") tellOfDevice(event);
        else listener.event(event);
      },
      // Topics bear the person's number: the page starts anew under the new one, still signed in.
      changed: (phase) => (phase === "renumbered" ? location.reload() : listener.changed?.(phase)),
    },
  );
  followBrowser(client.link);
  return client;
}
