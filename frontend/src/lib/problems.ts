import { type Problem, Refused } from "muster-client";
import { refusalText, t, type TextKey } from "../i18n";

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

/** Return what went wrong in the page's language: the text of its type, and its fields are named. */
export function problemText(reason: unknown): string {
  const problem = reason instanceof Refused ? reason.problem : (reason as Problem | undefined);
  if (!problem || typeof problem.type !== "string") return t("problem_network");
  const slug = problem.type.split("/").pop() ?? "";
  const said = refusalText(slug, { minutes: Math.ceil((problem.retry_after_s ?? 60) / 60) }) ?? t("problem_other");
  return [said, ...(problem.errors ?? []).map(fieldText)].join(" ");
}

/** What is wrong with one field; the server's own words, where we have none. */
function fieldText({ pointer, detail }: { pointer: string; detail: string }): string {
  if (pointer === "/answer_by" && detail.includes("future")) return t("answer_by_passed");
  const label = BY_FIELD[pointer.split("/")[1] ?? ""];
  return t("field_wrong", { field: label ? t(label) : pointer || "–", detail });
}
