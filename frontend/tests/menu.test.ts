import { expect, test } from "vitest";
import { closeMenus } from "../src/lib/menu";

test("an open menu is closed by Escape and by a click beside it, and gives the focus back", () => {
  document.body.innerHTML = `<details class="pages-aside"><summary>More</summary><a href="#x">x</a></details><button>duty</button>`;
  closeMenus();
  const [menu, duty] = [document.querySelector("details")!, document.querySelector("button")!];
  menu.open = true;
  menu.querySelector("a")!.focus();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect([menu.open, document.activeElement]).toEqual([false, menu.querySelector("summary")]);
  menu.open = true;
  menu.querySelector("summary")!.click();
  menu.open = true;
  duty.focus();
  duty.click();
  expect([menu.open, document.activeElement]).toEqual([false, duty]);
});
