import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "../src/lib/follow";

const page = (state: string, share: number | null) => `<div id="import"${share === null ? "" : " data-working"}>
  <h2>${state}</h2>${share === null ? "" : `<progress max="100" value="${share}"></progress>`}
  <button id="undo">Discard</button></div>`;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.innerHTML = "";
});

test("follows until the work is done, keeps the focus, and speaks of each quarter once", async () => {
  const answers = [page("Checking", 10), page("Checking", 30), "down", page("Checking", 40), page("Checked", null)];
  const fetched = vi.fn(async () => {
    const text = answers.shift() ?? "";
    return new Response(text, { status: text === "down" ? 502 : 200 });
  });
  vi.stubGlobal("fetch", fetched);
  document.body.innerHTML = page("Checking", 0);
  document.getElementById("undo")?.focus();
  follow("import", 1_000);
  const heard: string[] = [];
  for (let second = 0; second < 8; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    heard.push(document.getElementById("announcer")?.textContent ?? "");
  }
  expect(heard.slice(0, 5)).toEqual(["", "Checking 25 %", "Checking 25 %", "Checking 25 %", "Checked"]);
  expect(fetched).toHaveBeenCalledTimes(5);
  expect(document.activeElement?.id).toBe("undo");
});
