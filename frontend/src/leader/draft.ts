import { v7 as uuid7 } from "uuid";
import type { Category, Place, Severity, TaskIn, Unit } from "muster-client";
import { inMinutes } from "../lib/time";

export type When = "now" | "soon" | "at";
export const ANSWER_WITHIN_MIN = [5, 10, 15, 30];
const SOON_MIN = 30;

/** A call-out being written. The ids are made once: sending it again is the same order. */
export interface Draft {
  taskId: string;
  callOutId: string;
  unit: string;
  category: Category | null;
  severity: Severity;
  title: string;
  /** The title came from the category and follows it. */
  isTitleOurs: boolean;
  instructions: string;
  place: Place;
  headcount: number;
  when: When;
  /** Local time of day, HH:MM, for `at`. */
  time: string;
  answerWithinMin: number;
  units: string[];
}

export function newDraft(unit: Unit): Draft {
  return {
    taskId: uuid7(),
    callOutId: uuid7(),
    unit: unit.number,
    category: null,
    severity: "normal",
    title: "",
    isTitleOurs: true,
    instructions: "",
    place: placeOf(unit),
    headcount: 6,
    when: "now",
    time: "",
    answerWithinMin: 10,
    units: [unit.number],
  };
}

export function placeOf(unit: Unit): Place {
  return { name: unit.brand_name || unit.name, lon: unit.lon ?? 0, lat: unit.lat ?? 0, datum: "wgs84" };
}

export const hasPlace = (place: Place): boolean => place.lon !== 0 || place.lat !== 0;

/** When the work starts and until when answers are taken; never answers after the start. */
export function timesOf(draft: Draft, now: number): { startsAt: Date; answerBy: Date } {
  const answerBy = inMinutes(draft.answerWithinMin, now);
  if (draft.when === "now") return { startsAt: answerBy, answerBy };
  const startsAt = draft.when === "soon" ? inMinutes(SOON_MIN, now) : nextAt(draft.time, now);
  return { startsAt, answerBy: answerBy < startsAt ? answerBy : startsAt };
}

/** Return what the server is sent. The times are fixed now, so that a retry says the same. */
export function taskOf(draft: Draft, now: number): TaskIn {
  const { startsAt, answerBy } = timesOf(draft, now);
  return {
    id: draft.taskId,
    unit: draft.unit,
    category: draft.category ?? "community",
    severity: draft.severity,
    title: draft.title.trim(),
    instructions: draft.instructions.trim(),
    place: draft.place,
    starts_at: startsAt.toISOString(),
    answer_by: answerBy.toISOString(),
    headcount: draft.headcount,
    requirements: [],
  };
}

/** What is still missing, in the order of the form; null when it can be sent. */
export function missing(draft: Draft): "choose_category" | "choose_title" | "place_map_hint" | "choose_unit" | null {
  if (!draft.category) return "choose_category";
  if (!draft.title.trim()) return "choose_title";
  if (!hasPlace(draft.place)) return "place_map_hint";
  if (draft.units.length === 0) return "choose_unit";
  return null;
}

/** Choose a unit: the whole one leaves out its parts, a part leaves out the whole. */
export function toggleUnit(draft: Draft, number: string): string[] {
  if (number === draft.unit) return draft.units.includes(number) ? [] : [number];
  const parts = draft.units.filter((chosen) => chosen !== draft.unit);
  return parts.includes(number) ? parts.filter((chosen) => chosen !== number) : [...parts, number];
}

/** The next time the clock shows HH:MM. */
function nextAt(time: string, now: number): Date {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const date = new Date(now);
  date.setHours(hours, minutes, 0, 0);
  if (date.getTime() <= now) date.setDate(date.getDate() + 1);
  return date;
}
