import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Offer } from "muster-client";
import { Clock, clock } from "../src/lib/clock";
import { rest } from "../src/lib/api";
import { problemText } from "../src/lib/problems";
import { inMinutes, moment } from "../src/lib/time";
import { lists, emptyInbox } from "../src/me/inbox";

const SERVER = Date.parse("2026-05-01T12:00:00Z");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  clock.heard(new Date().toISOString());
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test.each([-12, 20])("a device whose clock is %i minutes off gives the times of the server", (minutes) => {
  vi.setSystemTime(SERVER + minutes * 60_000);
  clock.heard(new Date(SERVER).toISOString());
  vi.advanceTimersByTime(1_000);
  expect(inMinutes(5).toISOString()).toBe("2026-05-01T12:05:01.000Z");
  const task = { id: "t", status: "called", answer_by: "2026-05-01T12:01:00Z", starts_at: "2026-05-01T12:01:00Z" };
  const offer = { task, assignment: { status: "offered", offered_at: "" } } as Offer;
  const open = () => lists({ ...emptyInbox("1"), items: { t: offer } }).open.length;
  expect(open()).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(open()).toBe(0);
  expect(moment(clock.date())).not.toContain(" "); // it is today
});

test("an answer over REST tells the time where no socket has, and not better than it can", async () => {
  vi.setSystemTime(SERVER - 720_000);
  vi.stubGlobal("fetch", async () => Response.json({}, { headers: { Date: "Fri, 01 May 2026 12:00:00 GMT" } }));
  await rest.get("/me");
  expect(clock.now()).toBe(SERVER);
  const exact = new Clock();
  exact.heard(new Date(SERVER + 900).toISOString());
  exact.heard("Fri, 01 May 2026 12:00:00 GMT", true);
  exact.heard("", true);
  expect(exact.now()).toBe(SERVER + 900);
});

test("what is wrong with a form is said by its fields", () => {
  const text = (pointer: string, detail: string) =>
    problemText({ type: "/problems/invalid", title: "", status: 422, detail: "", errors: [{ pointer, detail }] });
  expect(text("/answer_by", "answer_by must be in the future")).toContain("The time to answer has passed already");
  expect(text("/place/name", "is too long")).toContain("Where: is too long.");
  expect(text("/other", "is wrong")).toContain("/other: is wrong.");
});

test("a refusal is told in the words of its type, and a type that is newer than the page by a text of no type", () => {
  const text = (slug: string, more = {}) =>
    problemText({ type: `/problems/${slug}`, title: "", status: 409, detail: "for developers", ...more });
  expect(text("task-over")).toBe("The task was called off or takes no more people.");
  expect(text("too-many", { status: 429, retry_after_s: 61 })).toContain("Wait 2 min");
  expect(text("not-thought-of-yet")).toBe("That did not work. Try again.");
  document.documentElement.lang = "zh-Hans";
  expect(text("task-over")).toBe("此任务已取消或不再接受人员。");
  document.documentElement.lang = "en";
});
