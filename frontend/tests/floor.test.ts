import { afterEach, expect, test, vi } from "vitest";
import text from "../src/floor/floor.js?raw";

const run = () => new Function(text)() as void;

afterEach(() => {
  vi.unstubAllGlobals();
  document.documentElement.lang = "";
});

/** A browser without `replaceChildren` has a page of this language. */
function old(lang: string): HTMLElement {
  document.body.innerHTML = '<main id="main"><p class="loading">Loading…</p></main>';
  document.documentElement.lang = lang;
  const root = new Proxy(document.documentElement, { has: (element, name) => name !== "replaceChildren" && name in element });
  vi.stubGlobal("document", new Proxy(document, { get: (all, name) => bound(all, name, root) }));
  run();
  return document.body;
}

function bound(all: Document, name: string | symbol, root: HTMLElement): unknown {
  if (name === "documentElement") return root;
  const value = Reflect.get(all, name) as unknown;
  return typeof value === "function" ? value.bind(all) : value;
}

test.each([
  ["en", ["en", "zh-Hans"]],
  ["zh-Hans", ["zh-Hans", "en"]],
])("a browser that is too old is told so in both languages, on a page in %s that one first", (lang, order) => {
  const page = old(lang);
  expect(page.querySelector(".loading")).toBeNull();
  const said = [...page.querySelectorAll<HTMLElement>("#main > #too-old:first-child > p")];
  expect(said.map((line) => line.lang)).toEqual(order);
  expect(said.map((line) => line.textContent).join()).toMatch(/too old.*版本过低|版本过低.*too old/s);
});

test("a browser that is new enough is told nothing", () => {
  document.body.innerHTML = '<main id="main"></main>';
  run();
  expect(document.getElementById("too-old")).toBeNull();
});
