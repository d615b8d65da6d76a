import { t, type TextKey } from "../i18n";
import { Refused } from "../protocol/refused";
import type { Problem } from "../protocol/wire";

const BY_TYPE: Record<string, TextKey> = {
  "task-over": "problem_closed",
  "offer-expired": "problem_expired",
  "nobody-to-ask": "problem_nobody",
  "too-many-to-ask": "problem_too_many_people",
};
const BY_STATUS: Record<number, TextKey> = {
  401: "problem_not_signed_in",
  403: "problem_not_allowed",
  404: "problem_not_found",
  422: "problem_invalid",
  429: "problem_too_many",
};

/** Return what went wrong in the page's language: the problem's type decides, never the server's own words. */
export function problemText(reason: unknown): string {
  const problem = reason instanceof Refused ? reason.problem : (reason as Problem | undefined);
  if (!problem || typeof problem.type !== "string") return t("problem_network");
  const slug = problem.type.split("/").pop() ?? "";
  return t(BY_TYPE[slug] ?? BY_STATUS[problem.status] ?? "problem_other");
}
