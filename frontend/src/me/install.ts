import { t } from "../i18n";
import { byId, h } from "../lib/dom";

interface InstallPrompt extends Event {
  prompt(): Promise<void>;
}

/** Keep the shell on the device, and offer to install the page when the browser can. */
export function makeInstallable(): void {
  void navigator.serviceWorker?.register("/me/worker.js", { scope: "/me/" }).catch(() => undefined);
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer(event as InstallPrompt);
  });
  // Without this the browser may throw away what is kept when space is short.
  void navigator.storage?.persist?.();
}

function offer(event: InstallPrompt): void {
  if (document.getElementById("install")) return;
  const button = h("button", { id: "install", class: "wide" }, t("install"));
  button.addEventListener("click", () => {
    void event.prompt();
    button.remove();
  });
  byId("main").append(button);
}
