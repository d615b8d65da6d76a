import { expect, test } from "vitest";
import type { Unit } from "muster-client";
import { missing, newDraft, taskOf, timesOf, toggleUnit, type Draft } from "../src/leader/draft";

const NOW = new Date(2026, 4, 1, 20, 0).getTime();
const unit: Unit = { number: "0726010002", kind: "brigade", level: 3, name: "浦阳街道", brand_name: "", parent: null, lon: 119.9, lat: 29.4 };
const draft = (fields: Partial<Draft> = {}): Draft => ({ ...newDraft(unit), category: "patrol", title: "Patrol", ...fields });
const minutes = (date: Date) => (date.getTime() - NOW) / 60_000;

test("one tap is enough: only the category is missing at first", () => {
  expect(missing(newDraft(unit))).toBe("choose_category");
  expect(missing(draft())).toBeNull();
});

test("a unit without a place asks for one", () => {
  expect(missing({ ...newDraft({ ...unit, lon: null, lat: null }), category: "patrol", title: "x" })).toBe("place_map_hint");
});

test.each([
  [{ when: "now", answerWithinMin: 10 }, 10, 10],
  [{ when: "soon", answerWithinMin: 15 }, 30, 15],
  [{ when: "at", time: "20:05", answerWithinMin: 30 }, 5, 5],
  [{ when: "at", time: "19:00", answerWithinMin: 10 }, 23 * 60, 10],
] as const)("times of %o never take answers after the start", (fields, starts, answers) => {
  const { startsAt, answerBy } = timesOf(draft(fields), NOW);
  expect([minutes(startsAt), minutes(answerBy)]).toEqual([starts, answers]);
});

test("the place is sent with its datum, and words without spaces around", () => {
  const task = taskOf(draft({ title: "  Patrol " }), NOW);
  expect(task.place).toEqual({ name: "浦阳街道", lon: 119.9, lat: 29.4, datum: "wgs84" });
  expect(task.title).toBe("Patrol");
});

test("choosing a part leaves out the whole, and the other way round", () => {
  const parts = toggleUnit(draft(), "0726010014");
  expect(parts).toEqual(["0726010014"]);
  expect(toggleUnit(draft({ units: parts }), unit.number)).toEqual([unit.number]);
  expect(toggleUnit(draft({ units: parts }), "0726010014")).toEqual([]);
});

test("the ids of an order are made once", () => {
  const one = draft();
  expect(taskOf(one, NOW).id).toBe(taskOf(one, NOW + 1).id);
});
