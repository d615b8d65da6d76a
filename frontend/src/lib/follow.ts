import { announce } from "./announce";

const STEP = 25;

/** Put the server's newest state of a part of the page in its place until it is no longer `data-working`. */
export function follow(id: string, everyMs: number): void {
  let told = said(document, id);
  const renew = async (): Promise<void> => {
    const shown = document.getElementById(id);
    const next = await read(id).catch(() => undefined);
    // Signed out, or gone: the server says so on a page of its own.
    if (next === null) return location.reload();
    if (shown && next) {
      replace(shown, next);
      shown.toggleAttribute("data-working", next.hasAttribute("data-working"));
      const now = said(document, id);
      if (now !== told) announce(now);
      told = now;
    }
    if (shown?.hasAttribute("data-working")) setTimeout(() => void renew(), everyMs);
  };
  setTimeout(() => void renew(), everyMs);
}

/** Return the part as the server shows it now; null when the page has none. */
async function read(id: string): Promise<HTMLElement | null> {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (answer.status >= 500) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
}

/** What is worth hearing: the state, and each quarter of the way. */
function said(page: Document, id: string): string {
  const part = page.getElementById(id);
  const share = part?.querySelector("progress")?.value;
  const quarter = share === undefined ? "" : ` ${Math.floor(share / STEP) * STEP} %`;
  return `${part?.querySelector("h2")?.textContent ?? ""}${quarter}`;
}

/** Show what the server has drawn; what has an id keeps its focus, and a part that was folded open stays so. */
function replace(shown: HTMLElement, next: HTMLElement): void {
  const focused = document.activeElement;
  const id = focused && shown.contains(focused) ? focused.id : "";
  const open = [...shown.querySelectorAll<HTMLDetailsElement>("details[id][open]")].map((element) => element.id);
  shown.replaceChildren(...next.childNodes);
  for (const name of open) document.getElementById(name)?.toggleAttribute("open", true);
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}
