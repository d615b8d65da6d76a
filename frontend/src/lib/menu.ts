/** Close a folded menu by Escape and by a click beside it, as people expect of one that covers the page. */
export function closeMenus(page: Document = document): void {
  const open = () => [...page.querySelectorAll<HTMLDetailsElement>("details.pages-aside[open]")];
  page.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open().forEach(close);
  });
  page.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target as Node)) close(menu);
  });
}

/** The focus goes back to the menu's button, unless the person has put it elsewhere. */
function close(menu: HTMLDetailsElement): void {
  const focused = menu.ownerDocument.activeElement;
  menu.open = false;
  if (!focused || focused === menu.ownerDocument.body || menu.contains(focused)) menu.querySelector("summary")?.focus();
}
