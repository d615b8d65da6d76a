import { beforeEach, expect, test, vi } from "vitest";
import { ReadAloud } from "../src/parts/readaloud";
import { TakeMeThere } from "../src/parts/takemethere";
import { draw } from "./draw";

const GATE = { name: "School gate", lat: 29.45, lon: 119.89 };
const links = (page: HTMLElement): string[] => [...page.querySelectorAll("a")].map((link) => link.textContent ?? "");

beforeEach(() => localStorage.clear());

test("the map that was taken last comes first, also after a reload", async () => {
  const page = draw(<TakeMeThere goal={GATE} />);
  page.addEventListener("click", (event) => event.preventDefault()); // there is no other page to go to
  expect(page.querySelector("summary")!.textContent).toBe("Take me there");
  const amap = [...page.querySelectorAll("a")].find((link) => link.textContent === "AMap")!;
  amap.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  await vi.waitFor(() => expect(links(page)[0]).toBe("Take me there: AMap"));
  expect(links(draw(<TakeMeThere goal={GATE} />))[0]).toBe("Take me there: AMap");
});

test("no reading aloud where the browser has no voice", () => {
  expect(draw(<ReadAloud text="Patrol" />).querySelector("button")).toBeNull();
});

test("an order is read aloud in the page's language, and stops when it is pressed again", async () => {
  const [speak, cancel] = [vi.fn(), vi.fn()];
  vi.stubGlobal("speechSynthesis", { speak, cancel });
  vi.stubGlobal("SpeechSynthesisUtterance", class { lang = ""; constructor(readonly text: string) {} });
  document.documentElement.lang = "zh-hans";
  const page = draw(<ReadAloud text="巡逻" />);
  const button = () => page.querySelector("button")!;
  button().click();
  await vi.waitFor(() => expect(button().getAttribute("aria-pressed")).toBe("true"));
  expect(speak.mock.calls[0]![0]).toMatchObject({ text: "巡逻", lang: "zh-hans" });
  cancel.mockClear();
  button().click();
  await vi.waitFor(() => expect(button().getAttribute("aria-pressed")).toBe("false"));
  expect(cancel).toHaveBeenCalled();
  vi.unstubAllGlobals();
});
