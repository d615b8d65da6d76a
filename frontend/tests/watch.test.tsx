import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Progress, Task, Unit } from "muster-client";
import { TaskWatch } from "../src/leader/watch";
import { WatchView } from "../src/leader/watchview";
import { draw } from "./draw";

const zero = { seen: 0, accepted: 0, reserve: 0, declined: 0, expired: 0, withdrawn: 0, silent: 0, accepted_not_reached: 0 };
const progress: Progress = { ...zero, headcount: 2, offered: 4, delivered: 0, not_reached: 4 };
const unit: Unit = { number: "0726010014", kind: "squadron", level: 4, name: "文溪社区", brand_name: "", parent: null, lon: null, lat: null };
const place = { name: "School gate", lon: 119.89, lat: 29.45, datum: "wgs84" as const };
const task: Task = {
  ...{ id: "1", revision: 1, unit, category: "patrol", title: "Evening patrol", instructions: "", place, headcount: 2, accepted: 0 },
  ...{ starts_at: "2026-05-01T12:00:00Z", answer_by: "2026-05-01T12:00:00Z", over_at: "2026-05-02T00:00:00Z", created_at: "2026-05-01T12:00:00Z" },
  ...{ requirements: [], status: "called", end_reason: "", dangerous: false, severity: "normal", legal_basis: "" },
};
const fetched = vi.fn();
let isTold = true;
let watch: TaskWatch;
let page: HTMLElement;

const shown = (state: string) => page.querySelector(`#counter-${state} .number`)?.textContent;
const readings = () => fetched.mock.calls.filter(([path]) => String(path).includes("/recipients")).length;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  const answerOf = (path: string) => (path.includes("/recipients") ? { items: [], next: null } : path.endsWith("/units") ? [] : { task, progress });
  fetched.mockImplementation(async (path: string) => Response.json(answerOf(path)));
  isTold = true;
  watch = new TaskWatch("1", { number: "23456999", closed: () => undefined, calledOff: () => undefined, isTold: () => isTold });
  page = draw(<WatchView watch={watch} />);
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  watch.stop();
  fetched.mockReset();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("counts that are told are shown at once, and people are read at most every two seconds", async () => {
  for (let delivered = 1; delivered <= 4; delivered++) {
    watch.count({ ...progress, delivered, silent: delivered, not_reached: 4 - delivered });
    await vi.advanceTimersByTimeAsync(0);
    expect(shown("not_reached")).toBe(String(4 - delivered));
    await vi.advanceTimersByTimeAsync(500);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(readings()).toBe(1 + 1);
  expect(shown("silent")).toBe("4"); // what was read is older than what was told
});

test("nothing is asked for while changes come by themselves, and every ten seconds when they do not", async () => {
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readings()).toBe(1);
  isTold = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readings()).toBe(1 + 6);
});
