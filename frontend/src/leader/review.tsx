import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Refused, type UnitReadiness } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { openDialog } from "../parts/dialog";
import { forgetOrder, sendOrder, type Order } from "./send";

type Sent = (task: string, offered: number) => void;

/** Show who would be reached now, and send. The order is made once; trying again sends the same. */
export function reviewDialog(order: Order, number: string, sent: Sent): void {
  void openDialog("review-title", (close) => <Review order={order} number={number} sent={sent} close={close} />);
}

interface ReviewProps {
  order: Order;
  number: string;
  sent: Sent;
  close(): void;
}

function Review({ order, number, sent, close }: ReviewProps) {
  const { task } = order;
  const reach = useReach(order);
  const { state, problem, deliver } = useDelivery({ order, number, sent, close });
  const isReady = reach.isKnown && state !== "sending" && asked(reach) !== 0;
  const send = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (reach.isKnown) send.current?.focus();
  }, [reach.isKnown]);
  return (
    <>
      <h2 id="review-title">{t("review_title")}</h2>
      <p class="review-task">{task.title}</p>
      <p class="hint" id="review-what">{`${t(`category_${task.category}`)} · ${t("review_needed", { n: task.headcount })}`}</p>
      {task.category === "rescue" && <p class="hint warn">{t("review_dangerous")}</p>}
      <p class="hint">{`${t("place")}: ${task.place.name || "–"}`}</p>
      <p class="hint">{`${t("starts")}: ${moment(task.starts_at)} · ${t("answer_until")}: ${moment(task.answer_by)}`}</p>
      <p class={(asked(reach) ?? 0) < task.headcount && reach.isKnown ? "reach warn" : "reach"} role="status">
        {reachText(reach, task.headcount)}
      </p>
      <p class="field-error" role="alert">
        {problem}
      </p>
      <div class="answers">
        <button onClick={close}>{t("back")}</button>
        <button id="send" class="primary" disabled={!isReady} ref={send} onClick={() => void deliver()}>
          {reach.isKnown ? t(LABELS[state]) : t("loading")}
        </button>
      </div>
    </>
  );
}

const LABELS = { ready: "send", sending: "sending", failed: "try_again" } as const;

interface Reach {
  isKnown: boolean;
  /** Nothing, when it could not be read: the order may be sent all the same. */
  onDuty: number | null;
  /** Those off duty who are asked too; nothing, where a unit is too large to count them. */
  offDuty: number | null;
}

/** How many are asked; nothing, when it is not known: the order may be sent all the same. */
const asked = ({ onDuty, offDuty }: Reach): number | null => (onDuty === null || offDuty === null ? onDuty || null : onDuty + offDuty);

/** Read how many are asked in the units that are called: on duty, and by the severity also off duty. */
function useReach({ task, callOut }: Order): Reach {
  const reach = useSignal<Reach>({ isKnown: false, onDuty: null, offDuty: null });
  useEffect(() => {
    const offDutyOf = (unit: UnitReadiness) =>
      task.severity === "notice" ? 0 : task.severity === "urgent" ? unit.may_be_woken : unit.planned;
    const about = new URLSearchParams({ category: task.category, starts_at: task.starts_at });
    const read = async () => {
      const units = await Promise.all(
        callOut.units.map((unit) => get<UnitReadiness>(`/units/${unit}/readiness?${about}`)),
      ).catch(() => null);
      const off = units?.map(offDutyOf) ?? [null];
      reach.value = {
        isKnown: true,
        onDuty: units && units.reduce((sum, unit) => sum + unit.on_duty, 0),
        offDuty: off.some((many) => many === null) ? null : off.reduce<number>((sum, many) => sum + (many ?? 0), 0),
      };
    };
    void read();
  }, []);
  return reach.value;
}

function useDelivery({ order, number, sent, close }: ReviewProps) {
  const state = useSignal<keyof typeof LABELS>("ready");
  const problem = useSignal("");
  const deliver = async () => {
    state.value = "sending";
    problem.value = "";
    try {
      const callOut = await sendOrder(number, order);
      close();
      sent(order.task.id, callOut.offered);
    } catch (reason) {
      const isFinal = reason instanceof Refused && reason.problem.status < 500;
      if (isFinal) forgetOrder(number);
      problem.value = isFinal ? problemText(reason) : t("send_failed", { reason: problemText(reason) });
      state.value = "failed";
    }
  };
  return { state: state.value, problem, deliver };
}

function reachText(reach: Reach, headcount: number): string {
  const { isKnown, onDuty, offDuty } = reach;
  if (!isKnown) return t("loading");
  if (onDuty === null) return t("problem_network");
  const all = asked(reach);
  if (all === 0) return t("review_nobody");
  const texts = [offDuty ? t("review_off_duty", { n: offDuty }) : "", all !== null && all < headcount ? t("review_few", { n: headcount }) : ""];
  return [t("review_on_duty", { n: onDuty }), ...texts].filter(Boolean).join(" ");
}
