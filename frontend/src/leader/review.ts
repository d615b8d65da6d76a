import { Refused, type UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { showDialog } from "../lib/dialog";
import { h, setText } from "../lib/dom";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { forgetOrder, sendOrder, type Order } from "./send";

/** Show who would be reached now, and send. The order is made once; trying again sends the same. */
export async function reviewDialog(
  order: Order,
  number: string,
  sent: (task: string, offered: number) => void,
): Promise<void> {
  const told = h("p", { class: "reach", role: "status" }, t("loading"));
  const problem = h("p", { class: "field-error", role: "alert" });
  const send = h("button", { id: "send", class: "primary", disabled: true }, t("loading"));
  const cancel = h("button", {}, t("back"));
  const dialog = h(
    "dialog",
    { class: "card", "aria-labelledby": "review-title" },
    h("h2", { id: "review-title" }, t("review_title")),
    h("p", { class: "review-task" }, order.task.title),
    h("p", { class: "hint", id: "review-what" }, `${t(`category_${order.task.category}`)} · ${t("review_needed", { n: order.task.headcount })}`),
    order.task.category === "rescue" && h("p", { class: "hint warn" }, t("review_dangerous")),
    h("p", { class: "hint" }, `${t("place")}: ${order.task.place.name || "–"}`),
    h("p", { class: "hint" }, `${t("starts")}: ${moment(order.task.starts_at)} · ${t("answer_until")}: ${moment(order.task.answer_by)}`),
    told,
    problem,
    h("div", { class: "answers" }, cancel, send),
  );
  cancel.onclick = () => dialog.close();
  send.onclick = () => void deliver();
  await showDialog(dialog);
  await tellReach();

  async function tellReach(): Promise<void> {
    const counts = await Promise.all(order.callOut.units.map((unit) => get<UnitCounts>(`/units/${unit}`))).catch(() => null);
    const onDuty = counts?.reduce((sum, unit) => sum + unit.on_duty, 0) ?? 0;
    setText(told, counts ? reachText(onDuty, order.task.headcount) : t("problem_network"));
    told.classList.toggle("warn", onDuty < order.task.headcount);
    setText(send, t("send"));
    send.disabled = onDuty === 0 && counts !== null;
    send.focus();
  }

  async function deliver(): Promise<void> {
    send.disabled = true;
    setText(problem, "");
    setText(send, t("sending"));
    try {
      const callOut = await sendOrder(number, order);
      dialog.close();
      sent(order.task.id, callOut.offered);
    } catch (reason) {
      const isFinal = reason instanceof Refused && reason.problem.status < 500;
      if (isFinal) forgetOrder(number);
      setText(problem, isFinal ? problemText(reason) : t("send_failed", { reason: problemText(reason) }));
      setText(send, t("try_again"));
      send.disabled = false;
    }
  }
}

function reachText(onDuty: number, headcount: number): string {
  if (onDuty === 0) return t("review_nobody");
  const text = t("review_on_duty", { n: onDuty });
  return onDuty < headcount ? `${text} ${t("review_few", { n: headcount })}` : text;
}
