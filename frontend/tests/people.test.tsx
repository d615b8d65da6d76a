import type { ComponentProps } from "preact";
import { expect, test, vi } from "vitest";
import type { Progress, Recipient } from "muster-client";
import { Counters } from "../src/leader/counters";
import { PersonLine } from "../src/leader/people";
import { draw } from "./draw";

const recipient = (fields: Partial<Recipient>): Recipient => ({
  volunteer: "23456781",
  name: "王芳",
  phone: "13800001234",
  unit: "0726010014",
  unit_name: "文溪社区",
  state: "accepted",
  before: null,
  told: "task.called",
  told_at: "2026-05-01T12:00:00Z",
  delivered: true,
  seen: true,
  not_reached: false,
  answered_at: null,
  eta_at: null,
  reason: "",
  way: null,
  noted_by: null,
  ...fields,
});
const line = (fields: Partial<Recipient>, noting: ComponentProps<typeof PersonLine>["noting"] = null) =>
  draw(<PersonLine person={recipient(fields)} noting={noting} />).querySelector("li")!;

test("whoever accepted and has not heard of the cancellation can be phoned from the list", () => {
  const person = line({ state: "withdrawn", before: "accepted", told: "task.cancelled", delivered: false, not_reached: true });
  expect(person.querySelector("a")?.getAttribute("href")).toBe("tel:13800001234");
  expect(person.className).toContain("not_reached");
  expect(person.textContent).toContain("had accepted · has not heard that the task was called off");
});

test("whoever has heard of it has no button, and an open offer that has not come has one", () => {
  expect(line({ state: "withdrawn", before: "accepted", told: "task.cancelled" }).querySelector("a")).toBeNull();
  expect(line({ state: "not_reached", not_reached: true }).querySelector("a")).not.toBeNull();
});

test("withdrawn parts are counted beside the others once there are some", () => {
  const zero = { headcount: 2, offered: 3, delivered: 0, seen: 0, accepted: 0, reserve: 0, declined: 0, expired: 0, silent: 0 };
  const progress: Progress = { ...zero, withdrawn: 3, not_reached: 1, accepted_not_reached: 1 };
  const shown = (of: Progress) => draw(<Counters progress={of} filter="all" choose={() => undefined} />).querySelector("#counter-withdrawn")?.textContent ?? "";
  expect(shown(progress)).toContain("3");
  expect(shown({ ...progress, withdrawn: 0 })).toBe("");
});

test("what a person says at the telephone is noted, and of dangerous service only after the notice was read out", () => {
  const note = vi.fn(() => Promise.resolve());
  const buttons = (of: HTMLElement) => [...of.querySelectorAll<HTMLButtonElement>(".spoken button")];
  const ordinary = line({ state: "not_reached", not_reached: true }, { isDangerous: false, note, isOwn: () => false });
  buttons(ordinary)[0]!.click();
  expect(note).toHaveBeenLastCalledWith(expect.objectContaining({ volunteer: "23456781" }), { answer: "accept", eta_min: 10 });

  const dangerous = line({ state: "silent" }, { isDangerous: true, note, isOwn: () => false });
  const [comes] = buttons(dangerous);
  const declines = buttons(dangerous).pop()!;
  expect([comes!.disabled, declines.disabled]).toEqual([true, false]);
  declines.click();
  expect(note).toHaveBeenLastCalledWith(expect.anything(), { answer: "decline" });
});

test("no word is noted over an answer of one's own, and what a leader has noted says so", () => {
  const noting = { isDangerous: false, note: vi.fn(), isOwn: (number: string) => number === "23456999" };
  expect(line({ state: "accepted", way: "device" }, noting).querySelector(".spoken")).toBeNull();
  const noted = line({ state: "accepted", way: "word", noted_by: "23456999" }, noting);
  expect(noted.querySelector(".spoken")).not.toBeNull();
  expect(noted.textContent).toContain("noted by 2345 6999");
  expect(line({ volunteer: "23456999", state: "silent" }, noting).querySelector(".spoken")).toBeNull();
});
