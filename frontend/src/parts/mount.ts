import { render, type ComponentChild } from "preact";

/** Draw into an element in place of what the server has put there. */
export function mount(content: ComponentChild, element: Element): void {
  render(null, element);
  element.replaceChildren();
  render(content, element);
}
