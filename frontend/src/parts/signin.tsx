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

/** Tell that a device was signed in by a code which a leader has seen; the page of devices signs it out. */
export function tellOfDevice({ data }: ServerFrames["device.introduced"]): void {
  putNotice(`introduced-${data.device}`, "", (close) => (
    <>
      <p>
        <strong>{t("device_introduced", { device: data.name || t("device_unnamed") })}</strong>
      </p>
      <p class="hint">
        {t("device_introduced_hint")} <a href="/devices/">{t("device_introduced_devices")}</a>
      </p>
      <button type="button" onClick={close}>
        {t("close")}
      </button>
    </>
  ));
}
