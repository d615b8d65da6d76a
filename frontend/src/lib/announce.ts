/** Tell people who do not see the screen. */
export function announce(text: string): void {
  let region = document.getElementById("announcer");
  if (!region) {
    region = document.createElement("p");
    region.id = "announcer";
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  // The same text is not set again: it would be spoken twice.
  if (region.textContent !== text) region.textContent = text;
}
