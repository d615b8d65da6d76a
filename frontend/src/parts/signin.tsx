import type { ServerFrames } from "muster-client";
import { t } from "../i18n";
import { clock } from "../lib/clock";
import { putNotice } from "./notice";

let closeLast = () => {};

/** Show the code that this person has to enter where they sign in now; it goes when it is no longer good. */
export function showCode({ data }: ServerFrames["sign_in.code"]): void {
  const { code, expires_at } = data;
  const leftMs = Date.parse(expires_at) - clock.now();
  if (!(leftMs > 0)) return; // it comes again with what was missed
  closeLast();
  closeLast = putNotice("sign-in-code", "", (close) => (
    <>
      <p>
        <strong>{t("sign_in_code", { code })}</strong>
      </p>
      <p class="hint">{t("sign_in_code_hint")}</p>
      <button type="button" onClick={close}>
        {t("close")}
      </button>
    </>
  ));
  setTimeout(closeLast, leftMs);
}
