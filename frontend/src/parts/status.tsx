import { signal } from "@preact/signals";
import type { Client, ClientPhase } from "muster-client";
import { t } from "../i18n";
import { byId } from "../lib/page";
import { exact } from "../lib/time";
import { mount } from "./mount";
import { putNotice } from "./notice";

const KEYS = {
  open: "connected",
  connecting: "connecting",
  waiting: "connecting",
  offline: "offline",
  renumbered: "connecting",
  "signed-out": "signed_out",
  stopped: "stopped",
} as const;

/** Shows the connection and the time of the last update in the bar, always. */
export class StatusLine {
  readonly #phase = signal("");
  readonly #update = signal("");

  constructor() {
    const line = byId("connection");
    mount(
      <>
        <span class="dot" aria-hidden="true" />
        <span class="phase" role="status">
          {this.#phase}
        </span>
        <span class="update">{this.#update}</span>
      </>,
      line,
    );
    line.hidden = false;
  }

  show(client: Pick<Client, "phase" | "lastUpdate">, keptFrom: Date | null = null): void {
    byId("connection").dataset.phase = client.phase;
    this.#phase.value = t(KEYS[client.phase]);
    const last = client.lastUpdate ?? keptFrom;
    this.#update.value = last ? t("last_update", { time: exact(last) }) : t("never_updated");
    if (client.phase === "signed-out" || client.phase === "stopped") showEnd(client.phase);
  }
}

/** Say that this page will not connect again, and what to do. */
function showEnd(phase: ClientPhase): void {
  if (document.getElementById("ended")) return;
  const next = `/sign-in/?next=${encodeURIComponent(location.pathname)}`;
  putNotice("ended", "bad", () => (
    <>
      <p>{t(phase === "stopped" ? "stopped" : "signed_out")}</p>
      <a class="button primary" href={next}>
        {t("sign_in_again")}
      </a>
    </>
  ));
}
