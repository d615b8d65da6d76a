import type { Answer, Problem } from "muster-client";
import { t, type TextKey } from "../i18n";
import { h } from "../lib/dom";
import { emblem, taskFacts } from "../lib/facts";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { type Item, takesPart } from "./inbox";

export const ETAS_MIN = [5, 10, 20, 30, 60];
const REASONS = ["reason_busy", "reason_away", "reason_ill", "reason_other"] as const;

export type Choice = "accept" | "decline" | null;

/** What a card needs beyond the item itself. */
export interface CardContext {
  choice: Choice;
  /** The answer that waits in the outbox. */
  pending: Answer | null;
  /** It has not been sent yet. */
  canTakeBack: boolean;
  isOnline: boolean;
  /** Why the last answer was not taken. */
  refusal: Problem | null;
  takeBack(): void;
  dismiss(): void;
  choose(choice: Choice): void;
  answer(answer: Answer): void;
}

/** One call-out as the volunteer sees it. */
export function card(item: Item, given: CardContext): HTMLElement {
  const { task, assignment } = item;
  const context = task.status === "cancelled" ? { ...given, pending: null } : given; // whatever still waits is too late
  const isMine = takesPart(assignment);
  const isLive = task.status !== "cancelled" && (isMine || assignment.status === "offered");
  const takesAnswers = isLive || (task.status === "called" && assignment.status === "declined");
  return h(
    "article",
    { class: `card offer ${assignment.status}`, "aria-labelledby": `title-${task.id}`, "data-task": task.id },
    heading(item, context),
    context.refusal && refused(item, context.refusal, context.dismiss),
    isLive ? body(item) : ended(item),
    takesAnswers && actions(item, context),
  );
}

/** Say which answer waits; it is no answer before the server has it. */
function stateText({ assignment, had }: Item, { pending, isOnline }: CardContext): string {
  if (pending) return t(`${isOnline ? "sending" : "waiting"}_${pending.answer}`);
  return had ? t(`state_withdrawn_${had as "accepted" | "reserve"}`) : t(`state_${assignment.status}`);
}

/** Say, beside its task, why an answer was not taken. */
function refused({ task }: Item, refusal: Problem, dismiss: () => void): HTMLElement {
  return h(
    "div",
    { class: "notice bad not-taken" },
    h("p", {}, notTakenText(task, refusal)),
    h("button", { id: `dismiss-${task.id}`, onclick: dismiss }, t("have_read")),
  );
}

export function notTakenText({ title, status, end_reason }: Item["task"], refusal: Problem): string {
  if (status !== "cancelled") return t("answer_not_taken", { title, why: problemText(refusal) });
  const told = t("answer_called_off", { title });
  return end_reason ? `${told} ${t("reason_given", { reason: end_reason })}` : told;
}

function heading(item: Item, context: CardContext): HTMLElement {
  const { task, assignment } = item;
  const status = context.pending ? "pending" : assignment.status;
  return h(
    "header",
    { class: "offer-head" },
    h("span", { class: "badge" }, emblem(task.category)),
    h(
      "div",
      {},
      h("p", { class: "overline" }, t(`category_${task.category}`)),
      h("h3", { id: `title-${task.id}` }, task.title),
      h("p", { class: `state ${status}` }, stateText(item, context)),
    ),
  );
}

function body({ task, assignment }: Item): HTMLElement {
  const { place } = task;
  return h(
    "div",
    {},
    assignment.status === "accepted" && assignment.eta_at
      ? h("p", { class: "hint" }, t("arrive_at", { time: moment(assignment.eta_at) }))
      : null,
    assignment.status === "reserve" && h("p", { class: "hint" }, t("reserve_hint")),
    task.legal_basis ? h("p", { class: "hint warn" }, t("legal_basis_vital")) : null,
    task.instructions && h("p", { class: "instructions" }, task.instructions),
    taskFacts(task),
    h("a", { class: "button", href: `geo:${place.lat},${place.lon}?q=${place.lat},${place.lon}` }, t("directions")),
  );
}

function ended({ task }: Item): HTMLElement {
  const details = h(
    "details",
    { id: `more-${task.id}`, class: "more" },
    h("summary", {}, t("details")),
    task.instructions && h("p", { class: "instructions" }, task.instructions),
    taskFacts(task),
    h("p", { class: "hint" }, unitName(task.unit)),
  );
  return h("div", {}, task.end_reason && h("p", { class: "said" }, t("reason_given", { reason: task.end_reason })), details);
}

function actions(item: Item, context: CardContext): HTMLElement {
  if (context.pending) {
    const text = t(context.isOnline ? "answer_sending" : "answer_pending");
    return h("div", {}, h("p", { class: "notice pending", role: "status" }, text), takeBack(item, context));
  }
  if (context.choice === "accept") return etas(item, context);
  if (context.choice === "decline") return reasons(item, context);
  return buttons(item, context);
}

/** What may have arrived can only be changed by another answer, which goes behind it. */
function takeBack({ task }: Item, { pending, canTakeBack, takeBack, answer }: CardContext): HTMLElement | null {
  if (canTakeBack) return h("button", { id: `take-back-${task.id}`, class: "wide", onclick: takeBack }, t("take_back"));
  if (pending?.answer !== "accept") return null;
  const decline = () => answer({ task: task.id, answer: "decline" });
  return h("button", { id: `take-back-${task.id}`, class: "wide", onclick: decline }, t("give_back"));
}

function buttons({ task, assignment }: Item, { choose }: CardContext): HTMLElement {
  const id = task.id;
  const accept = (text: TextKey, primary = true) =>
    h("button", { id: `accept-${id}`, class: primary ? "primary" : "", onclick: () => choose("accept") }, t(text));
  const decline = (text: TextKey) => h("button", { id: `decline-${id}`, onclick: () => choose("decline") }, t(text));
  switch (assignment.status) {
    case "offered":
      return h("div", { class: "answers" }, decline("decline"), accept("accept"));
    case "accepted":
    case "reserve":
      return h("div", { class: "answers" }, decline("give_back"));
    default:
      return h("div", { class: "answers" }, accept("accept_after_all", false));
  }
}

function etas({ task }: Item, { answer, choose }: CardContext): HTMLElement {
  // Whoever accepts dangerous service has the notice of its risks before their eyes, above the answers.
  const risk = task.dangerous ? { risk_acknowledged: true } : {};
  const chip = (minutes: number) =>
    h(
      "button",
      { class: "chip", onclick: () => answer({ task: task.id, answer: "accept", eta_min: minutes, ...risk }) },
      t("minutes", { n: minutes }),
    );
  const legend = t(task.dangerous ? "accept_eta_risk" : "accept_eta");
  const chosen = choices(`eta-${task.id}`, legend, ETAS_MIN.map(chip), choose);
  if (!task.dangerous) return chosen;
  return h("div", {}, h("p", { class: "notice", role: "note" }, t("risk_notice")), chosen);
}

function reasons({ task }: Item, { answer, choose }: CardContext): HTMLElement {
  const chip = (key: TextKey) =>
    h("button", { class: "chip", onclick: () => answer({ task: task.id, answer: "decline", reason: t(key) }) }, t(key));
  return choices(`why-${task.id}`, t("why_decline"), REASONS.map(chip), choose);
}

function choices(id: string, label: string, chips: HTMLElement[], choose: CardContext["choose"]): HTMLElement {
  return h(
    "div",
    { class: "choices", role: "group", "aria-labelledby": id },
    h("p", { id, class: "label" }, label),
    h("div", { class: "chips" }, chips, h("button", { class: "chip quiet", onclick: () => choose(null) }, t("back"))),
  );
}
