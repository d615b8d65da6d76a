import { type Problem, Refused } from "muster-client";
import { t, type TextKey } from "../i18n";

const BY_TYPE: Record<string, TextKey> = {
  "task-over": "problem_closed",
  "offer-expired": "problem_expired",
  "nobody-to-ask": "problem_nobody",
  "too-many-to-ask": "problem_too_many_people",
};
/** The labels of fields, by the first part of their pointer. */
const BY_FIELD: Record<string, TextKey> = {
  title: "title",
  category: "what",
  instructions: "note",
  place: "where",
  headcount: "how_many",
  starts_at: "starts",
  answer_by: "answer_until",
  units: "who",
  unit: "asked_by",
  reason: "reason",
};
const BY_STATUS: Record<number, TextKey> = {
  401: "problem_not_signed_in",
  403: "problem_not_allowed",
  404: "problem_not_found",
  422: "problem_invalid",
  429: "problem_too_many",
};

/** Return what went wrong in the page's language: the problem's type decides, and its fields are named. */
export function problemText(reason: unknown): string {
  const problem = reason instanceof Refused ? reason.problem : (reason as Problem | undefined);
  if (!problem || typeof problem.type !== "string") return t("problem_network");
  const slug = problem.type.split("/").pop() ?? "";
  const said = t(BY_TYPE[slug] ?? BY_STATUS[problem.status] ?? "problem_other");
  return [said, ...(problem.errors ?? []).map(fieldText)].join(" ");
}

/** What is wrong with one field; the server's own words, where we have none. */
function fieldText({ pointer, detail }: { pointer: string; detail: string }): string {
  if (pointer === "/answer_by" && detail.includes("future")) return t("answer_by_passed");
  const label = BY_FIELD[pointer.split("/")[1] ?? ""];
  return t("field_wrong", { field: label ? t(label) : pointer || "–", detail });
}
