import { t } from "../i18n";
import { byId } from "../lib/page";
import { mount } from "../parts/mount";

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
  const place = document.createElement("div");
  const install = () => {
    void event.prompt();
    place.remove();
  };
  mount(
    <button id="install" class="wide" onClick={install}>
      {t("install")}
    </button>,
    place,
  );
  byId("main").append(place);
}
