type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

/** Make an element: `on…` are listeners, `class` and attributes as in HTML, true is an empty attribute. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...(children.flat().filter((child) => child !== null && child !== undefined && child !== false) as Node[]));
  return element;
}

function set(element: HTMLElement, name: string, value: unknown): void {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on") && typeof value === "function") {
    element.addEventListener(name.slice(2), value as EventListener);
  } else if (name === "value" && "value" in element) {
    element.value = String(value);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}

/** Put `next` into `container`; what has an id keeps its focus, its scroll position, and whether it is open. */
export function replace(container: Element, ...next: Node[]): void {
  const focused = document.activeElement;
  const id = focused && container.contains(focused) ? focused.id : "";
  const named = [...container.querySelectorAll<HTMLElement>("details[id], [data-scroll][id]")];
  const kept = named.map((element) => [element.id, element.scrollTop, (element as HTMLDetailsElement).open] as const);
  container.replaceChildren(...next);
  for (const [name, scrollTop, isOpen] of kept) {
    const element = document.getElementById(name);
    if (element instanceof HTMLDetailsElement) element.open = isOpen;
    if (element) element.scrollTop = scrollTop;
  }
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

/** Set a text only when it differs, so that aria-live does not speak it twice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Tell people who do not see the screen. */
export function announce(text: string): void {
  let region = document.getElementById("announcer");
  if (!region) {
    region = h("p", { id: "announcer", class: "visually-hidden", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  setText(region, text);
}
