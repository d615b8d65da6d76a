import type { ServerFrames } from "muster-client";
import { t } from "../i18n";
import { clock } from "./clock";
import { byId, h } from "./dom";

/** Show the code that this person has to enter where they sign in now; it goes when it is no longer good. */
export function showCode({ data }: ServerFrames["sign_in.code"]): void {
  const { code, expires_at } = data;
  const leftMs = Date.parse(expires_at) - clock.now();
  if (!(leftMs > 0)) return; // it comes again with what was missed
  document.getElementById("sign-in-code")?.remove();
  const notice = h(
    "div",
    { id: "sign-in-code", class: "notice", role: "alert" },
    h("p", {}, h("strong", {}, t("sign_in_code", { code }))),
    h("p", { class: "hint" }, t("sign_in_code_hint")),
    h("button", { type: "button", onclick: () => notice.remove() }, t("close")),
  );
  byId("main").prepend(notice);
  setTimeout(() => notice.remove(), leftMs);
}
