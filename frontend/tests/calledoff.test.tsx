import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type AssignmentStatus,
  type Client,
  type Listener,
  Shelf,
  type Offer,
  type Pending,
  type Task,
} from "muster-client";
import { CalledOffCards } from "../src/me/calledoff";
import { Card, type CardContext } from "../src/me/cards";
import type { CalledOff, Item } from "../src/me/inbox";
import { VolunteerState } from "../src/me/state";
import { draw } from "./draw";

const OWN = "person.23456781";
const unit = { number: "0726010014", kind: "squadron", level: 4, name: "文溪社区", brand_name: "", parent: null, lon: null, lat: null };
const times = { answer_by: "2126-05-01T12:20:00Z", starts_at: "2126-05-01T12:30:00Z" };
const place = { name: "Gate", lon: 119.9, lat: 29.4, datum: "wgs84" };
const task = (id: string, fields: Partial<Task> = {}) =>
  ({ id, unit, place, category: "patrol", title: `Patrol ${id}`, status: "called", headcount: 2, end_reason: "", ...times, ...fields }) as Task;
const offer = (id: string, status: AssignmentStatus, fields: Partial<Task> = {}) =>
  ({ task: task(id, fields), assignment: { task: id, status, offered_at: "2026-05-01T12:00:00Z" } }) as Offer;
const over = { type: "/problems/task-over", title: "", status: 409, detail: "" };

function setUp(shelf = Shelf.empty()) {
  const screen = { connection: vi.fn(), renumbered: vi.fn(), alarm: vi.fn(), calledOff: vi.fn(), notTaken: vi.fn() };
  const state = new VolunteerState("23456781", shelf, { get: vi.fn() }, screen);
  const seen = vi.fn();
  const client = { lastUpdate: null, command: (type: string, body: object): Pending => state.outbox.add(type, body), renew: vi.fn(), seen };
  let on!: Listener;
  state.connect((listener) => ((on = listener), client as unknown as Client));
  const begin = (...items: Offer[]) => on.snapshot(OWN, { offers: { items, next: null } }, 1);
  const cancel = (id: string, reason = "") => {
    on.event({ topic: "unit.1", seq: 7, type: "task.cancelled", at: "", data: { task: id, revision: 2, reason } });
    on.kept!();
  };
  return { state, screen, seen, on, begin, cancel, shelf };
}

const context = (fields: Partial<CardContext>): CardContext =>
  ({ choice: null, pending: null, canTakeBack: false, isKept: true, isOnline: true, refusal: null, choose: vi.fn(), answer: vi.fn(), takeBack: vi.fn(), dismiss: vi.fn(), ...fields });

const drawn = (item: Item, given: CardContext) => draw(<Card item={item} given={given} />);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each(["accepted", "reserve"] as const)("what was called off under one %s is said until it was read, over a reload", (status) => {
  const { begin, cancel, screen, shelf } = setUp();
  begin(offer("a", status), offer("b", "declined"));
  cancel("a", "Found");
  cancel("b");
  expect(screen.calledOff.mock.calls).toEqual([[[{ title: "Patrol a", reason: "Found" }], true]]);
  const later = setUp(shelf);
  expect(later.state.inbox.calledOff).toEqual({ a: { title: "Patrol a", reason: "Found" } });
  later.state.read("a");
  expect(later.seen).toHaveBeenCalledWith("unit.1", 7);
  expect(setUp(shelf).state.inbox.calledOff).toEqual({});
});

test("a snapshot that tells a cancellation is as loud as its event, once", () => {
  const { begin, screen, state } = setUp();
  begin(offer("a", "accepted"), offer("b", "offered"));
  const gone = [offer("a", "withdrawn", { status: "cancelled" }), offer("b", "withdrawn", { status: "cancelled" })];
  begin(...gone);
  begin(...gone);
  expect(screen.calledOff.mock.calls.map(([tasks, isMine]) => [tasks[0].title, isMine])).toEqual([
    ["Patrol b", false],
    ["Patrol a", true],
  ]);
  expect(Object.keys(state.inbox.calledOff!)).toEqual(["a"]);
});

test("a place that is told after the cancellation is news too", () => {
  const { begin, cancel, on, state } = setUp();
  begin(offer("a", "offered"));
  cancel("a", "Found");
  on.event({ topic: OWN, seq: 2, type: "assignment.changed", at: "", data: { assignment: offer("a", "accepted").assignment } });
  expect(state.inbox.calledOff).toEqual({ a: { title: "Patrol a", reason: "Found" } });
});

test("a card that was put up stays the same one, and goes when it was read", () => {
  const read = vi.fn();
  const place = document.createElement("div");
  const show = (calledOff: Record<string, CalledOff>) => render(<CalledOffCards calledOff={calledOff} read={read} />, place);
  const cards = () => place.querySelector<HTMLElement>(".called-off-cards")!;
  show({ a: { title: "Patrol", reason: "Found" } });
  const shown = cards().querySelector("[role=alert]")!;
  expect(shown.textContent).toContain("Called off: Patrol.You need not come.Reason: Found");
  show({ a: { title: "Patrol", reason: "Found" }, b: { title: "Other", reason: "" } });
  expect(cards().lastElementChild).toBe(shown);
  shown.querySelector("button")!.click();
  expect(read).toHaveBeenCalledWith("a");
  show({});
  expect(cards().hidden).toBe(true);
});

test("an ended card says that there was a place, and the reason without a touch", () => {
  const item: Item = { ...offer("a", "withdrawn", { status: "cancelled", end_reason: "Found" }), had: "accepted" };
  const shown = drawn(item, context({}));
  expect(shown.querySelector(".state")!.textContent).toBe("Called off; you had accepted");
  expect(shown.querySelector(".said")!.closest("details")).toBeNull();
});

test("an answer is said to be kept when it is, since the page may be closed then", () => {
  const said = (isKept: boolean) =>
    drawn(offer("a", "offered"), context({ pending: { task: "a", answer: "accept" }, isOnline: false, isKept })).querySelector(".pending[role=status]")!.textContent;
  expect(said(false)).toContain("Keep this page open");
  expect(said(true)).toContain("Your answer is kept");
});

test("an answer that waits is not yet an answer, and can be taken back until it was tried", async () => {
  const { begin, state } = setUp();
  begin(offer("a", "offered"));
  state.answer({ task: "a", answer: "accept", eta_min: 5 });
  const [waiting] = state.outbox.all();
  const waits = context({ pending: { task: "a", answer: "accept" }, canTakeBack: true, isOnline: false });
  const shown = drawn(state.inbox.items.a!, waits);
  expect(shown.querySelector(".state")!.textContent).toBe("Your answer waits to be sent: accept");
  shown.querySelector<HTMLElement>("#take-back-a")!.click();
  expect(waits.takeBack).toHaveBeenCalled();

  await state.outbox.claim(waiting!);
  expect(await state.takeBack(waiting!.key)).toBe(false);
  const tried = context({ pending: { task: "a", answer: "accept" } });
  drawn(state.inbox.items.a!, tried).querySelector<HTMLElement>("#take-back-a")!.click();
  expect(tried.answer).toHaveBeenCalledWith({ task: "a", answer: "decline" });

  state.answer({ task: "a", answer: "accept" });
  expect(await state.takeBack(state.outbox.all()[1]!.key)).toBe(true);
  expect(state.outbox.all()).toHaveLength(1);
});

test("an answer that was not taken is told with its task, over a reload, until another act", () => {
  const { begin, on, state, shelf, screen } = setUp();
  begin(offer("a", "offered"), offer("b", "offered"));
  state.answer({ task: "a", answer: "accept" });
  on.refused!(state.outbox.all()[0]!, over);
  on.kept!();
  expect([state.problem.value, screen.notTaken.mock.calls]).toEqual([null, [["a"]]]);
  begin(offer("b", "offered"), offer("a", "withdrawn", { status: "cancelled", end_reason: "Found" }));
  const { refusals, items } = setUp(shelf).state.inbox;
  expect(Object.keys(refusals!)).toEqual(["a"]);
  const text = (id: string) => drawn({ ...state.inbox.items[id]! }, context({ refusal: refusals![id] ?? null })).textContent;
  expect(text("a")).toContain("Your answer to “Patrol a” was not taken: it was called off. You need not come. Reason: Found");
  expect(text("b")).not.toContain("not taken");
  expect(items.b).toBeDefined();
  state.setDuty(true);
  expect(state.inbox.refusals).toEqual({});
});

test("what a leader has noted can be confirmed or given back by the person", () => {
  const item = offer("a", "accepted");
  item.assignment = { ...item.assignment, noted_by: "23456999", way: "word" };
  const shown = drawn(item, context({}));
  expect(shown.querySelector(".noted")!.textContent).toContain("2345 6999");
  expect([...shown.querySelectorAll(".answers button")].map((button) => button.textContent)).toEqual(["I cannot come after all", "Yes, I come"]);
  const own = drawn(offer("b", "accepted"), context({}));
  expect([own.querySelector(".noted"), own.querySelectorAll(".answers button").length]).toEqual([null, 1]);
});
