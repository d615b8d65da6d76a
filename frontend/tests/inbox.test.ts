import { expect, test } from "vitest";
import { type Assignment, type EventFrame, type Me, MemoryStore, type Offer, Shelf, type Task } from "muster-client";
import { apply, emptyInbox, fromSnapshot, hasMoreOpen, lists, onDuty, withoutOrigins, withPage, worthKeeping, type Inbox } from "../src/me/inbox";
import { keep, recall } from "../src/me/keep";

const NOW = Date.parse("2026-05-01T12:00:00Z");

const task = (fields: Partial<Task> = {}): Task => ({
  id: "t1",
  revision: 1,
  unit: { number: "0726010014", kind: "squadron", level: 4, name: "文溪社区", brand_name: "", parent: null, lon: null, lat: null },
  category: "patrol",
  title: "Patrol",
  instructions: "",
  place: { name: "", lon: 119.9, lat: 29.4, datum: "wgs84" },
  starts_at: "2026-05-01T12:30:00Z",
  answer_by: "2026-05-01T12:20:00Z",
  over_at: "2026-05-01T18:30:00Z",
  headcount: 2,
  accepted: 0,
  requirements: [],
  status: "called",
  created_at: "2026-05-01T11:59:00Z",
  end_reason: "",
  dangerous: false,
  severity: "normal",
  legal_basis: "",
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
  way: null,
  noted_by: null,
});

const event = (type: string, data: object, seq = 1) =>
  ({ topic: "unit.1", seq, type, at: "2026-05-01T12:00:00Z", data }) as EventFrame;

const called = (): Inbox => apply(emptyInbox("23456781"), event("task.called", { call_out: "c", task: task() }));

test("a call-out appears as an offer to answer", () => {
  const inbox = called();
  expect(lists(inbox, NOW).open.map((item) => item.assignment.status)).toEqual(["offered"]);
  expect(inbox.items.t1!.origin).toEqual({ topic: "unit.1", seq: 1 });
});

test("what is older than the task that is known changes nothing of it: topics have no order between them", () => {
  const known = task({ revision: 4, accepted: 2, legal_basis: "vital_interests" });
  const snapshot = { items: [{ task: known, assignment: part("accepted") }], next: null };
  const inbox = withPage(emptyInbox("23456781"), snapshot);
  const old = [
    event("task.called", { call_out: "c", task: task({ revision: 1 }) }, 1),
    event("task.filled", { task: "t1", revision: 2, accepted: 2 }, 2),
    event("task.reopened", { task: "t1", revision: 3, accepted: 1 }, 3),
    event("task.legal_basis_named", { task: "t1", revision: 3, legal_basis: "" }, 4),
  ];
  expect(old.reduce(apply, inbox).items.t1!.task).toEqual(known);
  const off = apply(inbox, event("task.cancelled", { task: "t1", revision: 5, reason: "found" }, 5));
  const after = apply(off, event("task.called", { call_out: "c", task: task({ revision: 1 }) }, 1));
  expect(after.items.t1!.task.status).toBe("cancelled");
});

test("an event of a server that does not count yet is taken as it comes", () => {
  const inbox = withPage(emptyInbox("23456781"), { items: [{ task: task({ revision: 4 }), assignment: part("offered") }], next: null });
  expect(apply(inbox, event("task.filled", { task: "t1", accepted: 2 })).items.t1!.task.accepted).toBe(2);
});

test("a second call-out of the same task keeps the answer given", () => {
  const answered = apply(called(), event("assignment.changed", { assignment: part("accepted") }));
  const again = apply(answered, event("task.called", { call_out: "d", task: task() }, 2));
  expect(again.items.t1!.assignment.status).toBe("accepted");
});

test("duty that ended by itself says why, until there is another", () => {
  const off = { on: false, until: null, tracked: false };
  const on = { on: true, until: "2026-05-01T20:00:00Z", tracked: true };
  const changed = (duty: object, reason: string) => apply(emptyInbox("23456781"), event("duty.changed", { duty, reason }));

  expect(changed(off, "too_long").dutyEnded).toBe("too_long");
  expect(changed(off, "asked").dutyEnded).toBeUndefined();
  expect(changed(off, "of a newer server").dutyEnded).toBeUndefined();
  expect(changed(on, "consent").dutyEnded).toBeUndefined();
  const ended = changed(off, "suspended");
  expect(fromSnapshot(ended, { me: { duty: off } as Me }).dutyEnded).toBe("suspended");
  expect(fromSnapshot(ended, { me: { duty: on } as Me }).dutyEnded).toBeUndefined();
  expect(onDuty(ended, off).dutyEnded).toBeUndefined();
});

test("events end where a fresh snapshot begins", () => {
  const steps = [
    event("assignment.changed", { assignment: part("accepted") }),
    event("task.filled", { task: "t1", accepted: 2 }),
    event("task.closed", { task: "t1", accepted: 2 }),
  ];
  const byEvents = steps.reduce(apply, called());
  const offer: Offer = { task: task({ status: "closed", accepted: 2 }), assignment: part("accepted") };
  const bySnapshot = fromSnapshot(called(), { offers: { items: [offer], next: null } });
  expect(byEvents.items).toEqual(bySnapshot.items);
});

const many = (n: number, status: "called" | "cancelled", from = 0): Offer[] =>
  Array.from({ length: n }, (_, i) => ({
    task: task({ id: `t${from + i}`, status }),
    assignment: {
      ...part(status === "called" ? "offered" : "withdrawn"),
      task: `t${from + i}`,
      offered_at: new Date(NOW - (from + i) * 1_000).toISOString(),
    },
  }));

test("a snapshot replaces what was known, and the page after it is added", () => {
  const first = fromSnapshot(called(), { offers: { items: many(3, "cancelled", 10), next: "ended.t12" } });
  const both = withPage(first, { items: many(2, "cancelled", 20), next: null });
  expect(Object.keys(first.items)).toEqual(["t10", "t11", "t12"]);
  expect(Object.keys(both.items)).toHaveLength(5);
  expect([first.next, both.next]).toEqual(["ended.t12", null]);
});

test("a page that ends among open offers says that there are more", () => {
  expect(hasMoreOpen(fromSnapshot(called(), { offers: { items: many(2, "called"), next: "open.t1" } }))).toBe(true);
  expect(hasMoreOpen(fromSnapshot(called(), { offers: { items: many(2, "called"), next: "ended.t1" } }))).toBe(false);
  expect(hasMoreOpen(emptyInbox("23456781"))).toBe(false);
});

test("what is kept holds everything open and the newest that ended, and knows where the others begin", () => {
  const items = [...many(300, "called"), ...many(250, "cancelled", 300)];
  const kept = worthKeeping(fromSnapshot(called(), { offers: { items, next: null } }), NOW);
  expect(lists(kept, NOW).open).toHaveLength(300);
  expect(lists(kept, NOW).ended.map((item) => item.task.id)).toEqual(items.slice(300, 400).map((offer) => offer.task.id));
  expect(kept.next).toBe("ended.t399");
});

test("whoever is in reserve when a task closes stays there", () => {
  const reserve = apply(called(), event("assignment.changed", { assignment: part("reserve") }));
  const closed = apply(reserve, event("task.closed", { task: "t1", accepted: 2 }));
  expect(closed.items.t1!.assignment.status).toBe("reserve");
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

test("inbox and cursors are kept together and survive a reload", async () => {
  const store = new MemoryStore();
  const shelf = await Shelf.open(store, "23456781");
  const reached = { epoch: "e", cursors: { "unit.1": 1 } };
  keep(shelf, called(), reached, new Date(NOW));
  await shelf.settled();
  expect(recall(await Shelf.open(store, "23456781"), "23456781")).toEqual({ inbox: called(), reached, at: new Date(NOW) });
  expect(recall(await Shelf.open(store, "10000005"), "10000005").reached).toEqual({ epoch: "", cursors: {} });
  expect(withoutOrigins(called()).items).toEqual(
    Object.fromEntries(
      Object.entries(called().items).map(([id, { task, assignment }]) => [id, { task, assignment }]),
    ),
  );
});

test("a part that is told before its task is the part of it", () => {
  const early = apply(emptyInbox("23456781"), event("assignment.changed", { assignment: part("accepted") }));
  expect(early.items).toEqual({});
  const known = apply(early, event("task.called", { call_out: "c", task: task() }));
  expect(known.items.t1!.assignment.status).toBe("accepted");
  expect(known.parts).toEqual({});
});

test("a part that is told after its task was called off is withdrawn", () => {
  const off = apply(called(), event("task.cancelled", { task: "t1", reason: "found" }));
  const late = apply(off, event("assignment.changed", { assignment: part("accepted") }));
  expect(late.items.t1!.assignment.status).toBe("withdrawn");
});

test("a task is one's own until the server says that it is over, and not at that moment", () => {
  const accepted = apply(called(), event("assignment.changed", { assignment: part("accepted") }));
  const overAt = Date.parse(task().over_at);
  expect(lists(accepted, overAt - 1).mine).toHaveLength(1);
  expect(lists(accepted, overAt)).toMatchObject({ mine: [], ended: [{ task: { id: "t1" } }] });
});

test("a task that was kept before servers told when it is over stays one's own until the server is asked", () => {
  const { over_at: _, ...older } = task();
  const kept = { ...called(), items: { t1: { task: older as Task, assignment: part("accepted") } } };
  expect(lists(kept, Date.parse("2027-05-01T12:00:00Z")).mine).toHaveLength(1);
  const fresh = fromSnapshot(kept, { offers: { items: [{ task: task(), assignment: part("accepted") }], next: null } });
  expect(lists(fresh, Date.parse("2027-05-01T12:00:00Z")).mine).toEqual([]);
});
