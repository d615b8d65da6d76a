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
  vi.stubGlobal("fetch", async () => Response.json({ on_duty: 6, planned: 2, may_be_woken: 40 }));
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

test("before a call-out its severity says who is asked off duty, and only where nobody is asked it is not sent", async () => {
  const times = { starts_at: "2026-05-01T12:00:00Z", answer_by: "2026-05-01T12:00:00Z" };
  const dialogOf = async (severity: string, counts: object) => {
    const fetched = vi.fn(async (_path: string) => Response.json(counts));
    vi.stubGlobal("fetch", fetched);
    const task = { category: "patrol", severity, title: "Search", headcount: 12, place: { name: "" }, ...times };
    reviewDialog({ task, callOut: { id: "c", units: ["1"] } } as unknown as Order, "1", vi.fn());
    const dialog = [...document.querySelectorAll("dialog")].pop()!;
    await vi.waitFor(() => expect(dialog.querySelector("#send")!.textContent).toBe("Send"));
    expect(fetched.mock.calls[0]![0]).toContain("/units/1/readiness?category=patrol&starts_at=2026-05-01T12%3A00%3A00Z");
    return { text: dialog.querySelector(".reach")!.textContent, isSent: !dialog.querySelector<HTMLButtonElement>("#send")!.disabled };
  };
  const home = { on_duty: 0, planned: 2, may_be_woken: 40 };
  const few = "That is fewer than the 12 you need.";
  const none = "0 people are on duty in the units chosen. Not every phone is connected: how many it reaches shows after sending.";
  expect(await dialogOf("normal", home)).toEqual({ text: `${none} 2 more are asked off duty. ${few}`, isSent: true });
  expect(await dialogOf("urgent", home)).toEqual({ text: `${none} 40 more are asked off duty.`, isSent: true });
  expect(await dialogOf("notice", home)).toMatchObject({ text: en.review_nobody, isSent: false });
  expect(await dialogOf("urgent", { on_duty: 0, planned: null, may_be_woken: null })).toMatchObject({ isSent: true });
});
