import type { CallOut, Task, TaskIn } from "muster-client";
import { post } from "../lib/api";
import { taskOf, type Draft } from "./draft";

/** An order on its way: kept until the server has it, so that a retry, or a reload, sends the same one. */
export interface Order {
  task: TaskIn;
  callOut: { id: string; units: string[] };
}

/** Make the order of a draft; its times are fixed from here on. */
export function orderOf(draft: Draft, now: number): Order {
  return { task: taskOf(draft, now), callOut: { id: draft.callOutId, units: draft.units } };
}

const nameOf = (number: string) => `muster.${number}.order`;

export const keptOrder = (number: string): Order | null =>
  JSON.parse(localStorage.getItem(nameOf(number)) ?? "null") as Order | null;

/** Send the task, then the call-out; each may be repeated with the same ids. */
export async function sendOrder(number: string, order: Order): Promise<CallOut> {
  localStorage.setItem(nameOf(number), JSON.stringify(order));
  await post<Task>("/tasks", order.task);
  const callOut = await post<CallOut>(`/tasks/${order.task.id}/call-outs`, order.callOut);
  forgetOrder(number);
  return callOut;
}

export const forgetOrder = (number: string): void => localStorage.removeItem(nameOf(number));
