import type { Client, ClientPhase } from "muster-client";
import { t } from "../i18n";
import { byId, h, setText } from "./dom";
import { exact } from "./time";

const KEYS = {
  open: "connected",
  connecting: "connecting",
  waiting: "connecting",
  offline: "offline",
  renumbered: "connecting",
  "signed-out": "signed_out",
  stopped: "stopped",
} as const;

/** Show the connection and the time of the last update in the bar, always. */
export class StatusLine {
  readonly #phase = h("span", { class: "phase", role: "status" });
  readonly #update = h("span", { class: "update" });

  constructor() {
    const line = byId("connection");
    line.replaceChildren(h("span", { class: "dot", "aria-hidden": "true" }), this.#phase, this.#update);
    line.hidden = false;
  }

  show(client: Pick<Client, "phase" | "lastUpdate">, keptFrom: Date | null = null): void {
    byId("connection").dataset.phase = client.phase;
    setText(this.#phase, t(KEYS[client.phase]));
    const last = client.lastUpdate ?? keptFrom;
    setText(this.#update, last ? t("last_update", { time: exact(last) }) : t("never_updated"));
    if (client.phase === "signed-out" || client.phase === "stopped") showEnd(client.phase);
  }
}

/** Say that this page will not connect again, and what to do. */
function showEnd(phase: ClientPhase): void {
  if (document.getElementById("ended")) return;
  const next = `/sign-in/?next=${encodeURIComponent(location.pathname)}`;
  const notice = h(
    "div",
    { id: "ended", class: "notice bad", role: "alert" },
    h("p", {}, t(phase === "stopped" ? "stopped" : "signed_out")),
    h("a", { class: "button primary", href: next }, t("sign_in_again")),
  );
  byId("main").prepend(notice);
}
