import { render, type ComponentChild } from "preact";

/** Draw a part into a page of its own, as the pages do. */
export function draw(content: ComponentChild): HTMLElement {
  const place = document.createElement("div");
  document.body.append(place);
  render(content, place);
  return place;
}

/** Collect what is changed in an element from here on. */
export function changesOf(element: Element): () => MutationRecord[] {
  const seen: MutationRecord[] = [];
  const observer = new MutationObserver((records) => void seen.push(...records));
  observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
  return () => [...seen, ...observer.takeRecords()];
}
