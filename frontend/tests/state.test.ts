import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type Assignment,
  type AssignmentStatus,
  type Client,
  type EventFrame,
  type Listener,
  Shelf,
  type Offer,
  type Pending,
  type Task,
} from "muster-client";
import { VolunteerState } from "../src/me/state";

const NUMBER = "23456781";
const OWN = `person.${NUMBER}`;

const task = (id: string): Task =>
  ({ id, title: "Patrol", status: "called", headcount: 2, accepted: 0, answer_by: "2126-05-01T12:20:00Z", starts_at: "2126-05-01T12:30:00Z" }) as Task;
const part = (id: string, status: AssignmentStatus) => ({ task: id, status, offered_at: "2026-05-01T12:00:00Z" }) as Assignment;
const offer = (id: string, status: AssignmentStatus = "offered"): Offer => ({ task: task(id), assignment: part(id, status) });

function setUp() {
  const shelf = Shelf.empty();
  const alarms: string[] = [];
  const screen = { calledOff: vi.fn(), notTaken: vi.fn(), connection: vi.fn(), renumbered: vi.fn(), alarm: ({ id }: Task) => void alarms.push(id) };
  const state = new VolunteerState(NUMBER, shelf, { get: vi.fn() }, screen);
  const client = {
    lastUpdate: null,
    command: (type: string, body: object): Pending => state.outbox.add(type, body),
    renew: vi.fn((topic: string) => state.cursors.forget(topic)),
    seen: vi.fn(),
  };
  let on!: Listener;
  state.connect((listener) => {
    on = listener;
    return client as unknown as Client;
  });
  const tell = (topic: string, seq: number, type: string, data: object) => {
    on.event({ topic, seq, type, at: "2026-05-01T12:00:00Z", data } as EventFrame);
    state.cursors.advance(topic, seq);
  };
  const begin = (...items: Offer[]) => {
    state.cursors.restart(OWN, 1);
    on.snapshot(OWN, { offers: { items, next: null } }, 1);
  };
  return { state, client, alarms, screen, on, tell, begin };
}

test("what is told on our own topic of an order that has not come has the inbox read anew", () => {
  const { client, tell, begin } = setUp();
  begin(offer("a"));
  tell(OWN, 2, "task.legal_basis_named", { task: "a", revision: 1, legal_basis: "" });
  expect(client.renew).not.toHaveBeenCalled();
  tell("unit.1", 9, "task.cancelled", { task: "b", revision: 1, reason: "" }); // for others
  expect(client.renew).not.toHaveBeenCalled();
  tell(OWN, 3, "task.cancelled", { task: "b", revision: 1, reason: "" });
  expect(client.renew).toHaveBeenCalledWith(OWN);
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a reply is shown at once, unless our topic has gone on since the act", () => {
  const { state, on, tell, begin } = setUp();
  begin(offer("a"), offer("b"));
  const status = (id: string) => state.inbox.items[id]!.assignment.status;
  state.answer({ task: "a", answer: "accept" });
  on.replied!(state.outbox.all()[0]!, part("a", "accepted"));
  expect(status("a")).toBe("accepted");
  state.answer({ task: "b", answer: "accept" });
  const second = state.outbox.all()[1]!;
  tell(OWN, 2, "assignment.changed", { assignment: part("b", "accepted") });
  tell(OWN, 3, "assignment.changed", { assignment: part("b", "declined") });
  on.replied!(second, part("b", "accepted"));
  expect(status("b")).toBe("declined");
});

test("a reply after the page was opened anew changes nothing: the events tell it", () => {
  const { state, on, begin } = setUp();
  begin(offer("a"));
  on.replied!({ key: "of before", type: "assignment.answer", body: {}, madeAt: "" }, part("a", "accepted"));
  expect(state.inbox.items.a!.assignment.status).toBe("offered");
});

test("an order is alarmed once, whether an event or a snapshot brings it first", () => {
  const { alarms, tell, begin } = setUp();
  begin(offer("a"), offer("old", "declined"));
  tell("unit.1", 1, "task.called", { call_out: "c", task: task("a") });
  tell("unit.1", 2, "task.called", { call_out: "c", task: task("b") });
  begin(offer("b"), offer("a"));
  expect(alarms).toEqual(["a", "b"]);
});

test("an order that was answered on another device is not alarmed", () => {
  const { alarms, tell, begin } = setUp();
  begin();
  tell(OWN, 2, "assignment.changed", { assignment: part("a", "accepted") });
  tell("unit.1", 1, "task.called", { call_out: "c", task: task("a") });
  expect(alarms).toEqual([]);
});

test("the inbox is read anew where a topic cannot have told all of it", () => {
  const { client, on, tell } = setUp();
  on.snapshot("unit.1", {}, 4); // beside a snapshot of our own
  expect(client.renew).not.toHaveBeenCalled();
  on.snapshot("unit.1", { offers: { items: [], next: null } }, 4);
  on.revoked!("unit.1");
  on.revoked!("task.1");
  tell("unit.1", 5, "transfer.changed", {}); // of another, to a leader
  tell(OWN, 6, "transfer.changed", {});
  on.refused!({ key: "", type: "duty.set", body: {}, madeAt: "" }, { type: "/problems/x", title: "", status: 409, detail: "" });
  expect(client.renew.mock.calls).toEqual([[OWN], [OWN], [OWN], [OWN]]);
});
