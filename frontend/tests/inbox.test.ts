import { expect, test } from "vitest";
import { apply, emptyInbox, fromSnapshot, lists, type Inbox } from "../src/me/inbox";
import { keep, recall } from "../src/me/keep";
import type { Assignment, EventFrame, Offer, Task } from "../src/protocol/wire";
import { MemoryShelf } from "./fakes";

const NOW = Date.parse("2026-05-01T12:00:00Z");

const task = (fields: Partial<Task> = {}): Task => ({
  id: "t1",
  unit: { number: "0726010014", kind: "squadron", level: 4, name: "文溪社区", brand_name: "", parent: null, lon: null, lat: null },
  category: "patrol",
  title: "Patrol",
  instructions: "",
  place: { name: "", lon: 119.9, lat: 29.4, datum: "wgs84" },
  starts_at: "2026-05-01T12:30:00Z",
  answer_by: "2026-05-01T12:20:00Z",
  headcount: 2,
  accepted: 0,
  requirements: [],
  status: "called",
  created_at: "2026-05-01T11:59:00Z",
  end_reason: "",
  ...fields,
});

const part = (status: Assignment["status"]): Assignment => ({
  task: "t1",
  volunteer: "23456781",
  status,
  offered_at: "2026-05-01T12:00:00Z",
  answered_at: null,
  eta_at: null,
  reason: "",
});

const event = (type: string, data: object, seq = 1): EventFrame => ({ topic: "unit.1", seq, type, at: "2026-05-01T12:00:00Z", data });

const called = (): Inbox => apply(emptyInbox("23456781"), event("task.called", { call_out: "c", task: task() }));

test("a call-out appears as an offer to answer", () => {
  const inbox = called();
  expect(lists(inbox, NOW).open.map((item) => item.assignment.status)).toEqual(["offered"]);
  expect(inbox.items.t1!.origin).toEqual({ topic: "unit.1", seq: 1 });
});

test("a second call-out of the same task keeps the answer given", () => {
  const answered = apply(called(), event("assignment.changed", { assignment: part("accepted") }));
  const again = apply(answered, event("task.called", { call_out: "d", task: task() }, 2));
  expect(again.items.t1!.assignment.status).toBe("accepted");
});

test("events end where a fresh snapshot begins", () => {
  const steps = [
    event("assignment.changed", { assignment: part("accepted") }),
    event("task.filled", { task: "t1", accepted: 2 }),
    event("task.closed", { task: "t1", accepted: 2 }),
  ];
  const byEvents = steps.reduce(apply, called());
  const offer: Offer = { task: task({ status: "closed", accepted: 2 }), assignment: part("accepted") };
  const bySnapshot = fromSnapshot(called(), { offers: [offer] });
  expect(byEvents.items).toEqual(bySnapshot.items);
});

test("a cancelled task is withdrawn from everyone and says why", () => {
  const inbox = apply(called(), event("task.cancelled", { task: "t1", reason: "found" }));
  expect(lists(inbox, NOW).ended[0]).toMatchObject({ assignment: { status: "withdrawn" }, task: { end_reason: "found" } });
});

test("a closed task expires the offer, not the acceptance", () => {
  const closed = event("task.closed", { task: "t1", accepted: 1 });
  const accepted = apply(called(), event("assignment.changed", { assignment: part("accepted") }));
  expect(apply(called(), closed).items.t1!.assignment.status).toBe("expired");
  expect(apply(accepted, closed).items.t1!.assignment.status).toBe("accepted");
});

test("an offer whose time has passed is not asked for any more", () => {
  const later = NOW + 21 * 60_000;
  expect(lists(called(), later).open).toEqual([]);
  expect(lists(called(), later).ended).toHaveLength(1);
});

test("events about unknown tasks and of unknown types change nothing", () => {
  const inbox = called();
  expect(apply(inbox, event("task.filled", { task: "other", accepted: 1 }))).toBe(inbox);
  expect(apply(inbox, event("badge.issued", {}))).toBe(inbox);
});

test("inbox and cursors are kept together and survive a reload", () => {
  const shelf = new MemoryShelf();
  keep(shelf, called(), { "unit.1": 1 }, new Date(NOW));
  expect(recall(shelf, "23456781")).toEqual({ inbox: called(), cursors: { "unit.1": 1 }, at: new Date(NOW) });
  expect(recall(shelf, "10000005").cursors).toEqual({});
});
