import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Answer, Problem } from "muster-client";
import { t, type TextKey } from "../i18n";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { spaced, unitName } from "../lib/units";
import { Emblem } from "../parts/emblem";
import { TaskFacts } from "../parts/facts";
import { ReadAloud } from "../parts/readaloud";
import { TakeMeThere } from "../parts/takemethere";
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
  /** It outlives this page. */
  isKept: boolean;
  isOnline: boolean;
  /** Why the last answer was not taken. */
  refusal: Problem | null;
  takeBack(): void;
  dismiss(): void;
  choose(choice: Choice): void;
  answer(answer: Answer): void;
}

interface PartProps {
  item: Item;
  given: CardContext;
}

/** One call-out as the volunteer sees it. */
export function Card({ item, given: known }: PartProps) {
  const { task, assignment } = item;
  const given = task.status === "cancelled" ? { ...known, pending: null } : known; // whatever still waits is too late
  const isMine = takesPart(assignment);
  const isLive = task.status !== "cancelled" && (isMine || assignment.status === "offered");
  const takesAnswers = isLive || (task.status === "called" && assignment.status === "declined");
  const { article, heading } = useKeptFocus();
  return (
    <article ref={article} class={`card offer ${assignment.status}`} aria-labelledby={`title-${task.id}`} data-task={task.id}>
      <Heading item={item} given={given} heading={heading} />
      {given.refusal && <NotTaken item={item} refusal={given.refusal} dismiss={given.dismiss} />}
      {isLive ? <Body item={item} /> : <Ended item={item} />}
      {takesAnswers && <Actions item={item} given={given} />}
    </article>
  );
}

/** Where the control that was pressed is gone, the focus stays with the card: at its title, where no key does anything. */
function useKeptFocus() {
  const article = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const hasFocus = () => article.current?.contains(document.activeElement) ?? false;
  const hadFocus = hasFocus();
  useLayoutEffect(() => {
    if (hadFocus && !hasFocus()) heading.current?.focus({ preventScroll: true });
  });
  return { article, heading };
}

/** Say which answer waits; it is no answer before the server has it. */
function stateText({ assignment, had }: Item, { pending, isOnline }: CardContext): string {
  if (pending) return t(`${isOnline ? "sending" : "waiting"}_${pending.answer}`);
  return had ? t(`state_withdrawn_${had as "accepted" | "reserve"}`) : t(`state_${assignment.status}`);
}

/** Say, beside its task, why an answer was not taken. */
function NotTaken({ item: { task }, refusal, dismiss }: { item: Item; refusal: Problem; dismiss(): void }) {
  return (
    <div class="notice bad not-taken">
      <p>{notTakenText(task, refusal)}</p>
      <button id={`dismiss-${task.id}`} onClick={dismiss}>
        {t("have_read")}
      </button>
    </div>
  );
}

export function notTakenText({ title, status, end_reason }: Item["task"], refusal: Problem): string {
  if (status !== "cancelled") return t("answer_not_taken", { title, why: problemText(refusal) });
  const told = t("answer_called_off", { title });
  return end_reason ? `${told} ${t("reason_given", { reason: end_reason })}` : told;
}

function Heading({ item, given, heading }: PartProps & { heading: RefObject<HTMLHeadingElement | null> }) {
  const { task, assignment } = item;
  return (
    <header class="offer-head">
      <span class="badge">
        <Emblem category={task.category} />
      </span>
      <div>
        <p class="overline">{t(`category_${task.category}`)}</p>
        <h3 id={`title-${task.id}`} ref={heading} tabIndex={-1}>{task.title}</h3>
        <p class={`state ${given.pending ? "pending" : assignment.status}`}>{stateText(item, given)}</p>
      </div>
    </header>
  );
}

function Body({ item: { task, assignment } }: { item: Item }) {
  const { name, lat, lon } = task.place;
  return (
    <div>
      {assignment.status === "accepted" && assignment.eta_at && <p class="hint">{t("arrive_at", { time: moment(assignment.eta_at) })}</p>}
      {takesPart(assignment) && assignment.noted_by && <p class="notice noted">{t("noted_for_you", { number: spaced(assignment.noted_by) })}</p>}
      {assignment.status === "reserve" && <p class="hint">{t("reserve_hint")}</p>}
      {task.legal_basis && <p class="hint warn">{t("legal_basis_vital")}</p>}
      {task.instructions && <p class="instructions">{task.instructions}</p>}
      <TaskFacts task={task} />
      <div class="ways">
        <TakeMeThere goal={{ name: name || unitName(task.unit), lat, lon }} />
        <ReadAloud text={spoken(task)} />
      </div>
    </div>
  );
}

/** What an order says when it is read aloud. */
export const spoken = ({ category, title, instructions, place, starts_at, answer_by, unit }: Item["task"]): string =>
  [
    `${t(`category_${category}`)}: ${title}`,
    instructions,
    `${t("place")}: ${place.name || unitName(unit)}`,
    `${t("starts")}: ${moment(starts_at)}`,
    `${t("answer_until")}: ${moment(answer_by)}`,
  ]
    .filter(Boolean)
    .join(". ");

function Ended({ item: { task } }: { item: Item }) {
  return (
    <div>
      {task.end_reason && <p class="said">{t("reason_given", { reason: task.end_reason })}</p>}
      <details id={`more-${task.id}`} class="more">
        <summary>{t("details")}</summary>
        {task.instructions && <p class="instructions">{task.instructions}</p>}
        <TaskFacts task={task} />
        <p class="hint">{unitName(task.unit)}</p>
      </details>
    </div>
  );
}

function Actions({ item, given }: PartProps) {
  if (given.pending) {
    return (
      <div>
        <p class="notice pending" role="status">
          {t(given.isOnline ? "answer_sending" : given.isKept ? "answer_pending" : "keeping")}
        </p>
        <TakeBack item={item} given={given} />
      </div>
    );
  }
  if (given.choice === "accept") return <Etas item={item} given={given} />;
  if (given.choice === "decline") return <Reasons item={item} given={given} />;
  return <Buttons item={item} given={given} />;
}

/** What may have arrived can only be changed by another answer, which goes behind it. */
function TakeBack({ item: { task }, given: { pending, canTakeBack, takeBack, answer } }: PartProps) {
  if (!canTakeBack && pending?.answer !== "accept") return null;
  const decline = () => answer({ task: task.id, answer: "decline" });
  return (
    <button id={`take-back-${task.id}`} class="wide" onClick={canTakeBack ? takeBack : decline}>
      {t(canTakeBack ? "take_back" : "give_back")}
    </button>
  );
}

function Buttons({ item: { task, assignment }, given: { choose } }: PartProps) {
  const decline = (text: TextKey) => (
    <button id={`decline-${task.id}`} onClick={() => choose("decline")}>
      {t(text)}
    </button>
  );
  const accept = (text: TextKey, kind = "") => (
    <button id={`accept-${task.id}`} class={kind} onClick={() => choose("accept")}>
      {t(text)}
    </button>
  );
  switch (assignment.status) {
    case "offered":
      return (
        <div class="answers">
          {decline("decline")}
          {accept("accept", "primary")}
        </div>
      );
    case "accepted":
    case "reserve":
      return (
        <div class="answers">
          {decline("give_back")}
          {assignment.noted_by && accept("confirm_noted", "primary")}
        </div>
      );
    default:
      return <div class="answers">{accept("accept_after_all")}</div>;
  }
}

function Etas({ item: { task }, given: { answer, choose } }: PartProps) {
  // A volunteer who accepts dangerous service has the notice of its risks in view, above the answers.
  const risk = task.dangerous ? { risk_acknowledged: true } : {};
  const chips = ETAS_MIN.map((minutes) => (
    <button key={minutes} class="chip" onClick={() => answer({ task: task.id, answer: "accept", eta_min: minutes, ...risk })}>
      {t("minutes", { n: minutes })}
    </button>
  ));
  const chosen = (
    <Choices id={`eta-${task.id}`} label={t(task.dangerous ? "accept_eta_risk" : "accept_eta")} choose={choose}>
      {chips}
    </Choices>
  );
  if (!task.dangerous) return chosen;
  return (
    <div>
      <p class="notice" role="note">
        {t("risk_notice")}
      </p>
      {chosen}
    </div>
  );
}

function Reasons({ item: { task }, given: { answer, choose } }: PartProps) {
  const chips = REASONS.map((key) => (
    <button key={key} class="chip" onClick={() => answer({ task: task.id, answer: "decline", reason: t(key) })}>
      {t(key)}
    </button>
  ));
  return (
    <Choices id={`why-${task.id}`} label={t("why_decline")} choose={choose}>
      {chips}
    </Choices>
  );
}

interface ChoicesProps {
  id: string;
  label: string;
  choose: CardContext["choose"];
  children: ComponentChildren;
}

/** The button that led here is gone: the focus goes on to the first of the choices. */
function Choices({ id, label, choose, children }: ChoicesProps) {
  const chips = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => chips.current?.querySelector("button")?.focus(), []);
  return (
    <div class="choices" role="group" aria-labelledby={id}>
      <p id={id} class="label">
        {label}
      </p>
      <div class="chips" ref={chips}>
        {children}
        <button class="chip quiet" onClick={() => choose(null)}>
          {t("back")}
        </button>
      </div>
    </div>
  );
}
