import { afterEach, expect, test, vi } from "vitest";
import type { TaskDetail } from "muster-client";
import { en } from "../src/i18n/en";
import { zhHans } from "../src/i18n/zh-hans";
import { firstView } from "../src/leader/page";
import { reviewDialog } from "../src/leader/review";
import type { Order } from "../src/leader/send";
import { dutyHint } from "../src/me/duty";

afterEach(() => vi.unstubAllGlobals());

test("the page says that positions are reported only when they are", () => {
  const duty = { on: true, until: null, tracked: true };
  expect(dutyHint(true, { ...duty, tracked: true })).toBe("duty_on_hint");
  expect(dutyHint(true, { ...duty, tracked: false })).toBe("duty_on_untracked");
  expect(dutyHint(true, { on: false, until: null, tracked: true })).toBe("duty_on_untracked");
  expect(dutyHint(false, duty)).toBe("duty_off_hint");
  expect([en.duty_off_hint, zhHans.duty_off_hint]).toEqual([expect.stringContaining("accepted"), expect.stringContaining("已接受")]);
});

test("orders that run come first, unless another view is wished for", () => {
  const tasks = (status: string) => [{ task: { status } } as TaskDetail];
  expect([firstView("", tasks("called")), firstView("", tasks("closed")), firstView("", [])]).toEqual(["list", "new", "new"]);
  expect([firstView("#new", tasks("called")), firstView("#list", [])]).toEqual(["new", "list"]);
});

test("what is sent is read before with its number of people and its category, and promises nobody reached", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ on_duty: 6 }));
  const times = { starts_at: "2026-05-01T12:00:00Z", answer_by: "2026-05-01T12:00:00Z" };
  const order = (category: string) =>
    ({ task: { category, title: "Search", headcount: 12, place: { name: "" }, ...times }, callOut: { id: "c", units: ["1"] } }) as unknown as Order;
  const textOf = async (category: string) => {
    reviewDialog(order(category), "1", vi.fn());
    const dialog = [...document.querySelectorAll("dialog")].pop()!;
    await vi.waitFor(() => expect(dialog.querySelector("#send")!.textContent).toBe("Send"));
    expect(document.activeElement?.id).toBe("send");
    return dialog.textContent;
  };
  expect(await textOf("patrol")).toContain("Patrol · 12 people needed");
  expect(await textOf("patrol")).not.toContain("minors");
  expect(await textOf("rescue")).toContain("minors are not asked");
});
