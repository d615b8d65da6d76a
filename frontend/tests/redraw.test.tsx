import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Client, type Listener, type Offer, type Progress, type Recipient, Shelf, type Task, type Unit, type UnitCounts } from "muster-client";
import { TreeView, UnitTree } from "../src/console/tree";
import { TaskWatch } from "../src/leader/watch";
import { WatchView } from "../src/leader/watchview";
import { InboxView } from "../src/me/inboxview";
import { VolunteerPage } from "../src/me/page";
import { changesOf, draw } from "./draw";

const unit = (number: string, parent: string | null = null): Unit => ({ number, kind: "squadron", level: 4, name: `Unit ${number}`, brand_name: "", parent, lon: 119.9, lat: 29.4 });
const place = { name: "School gate", lon: 119.89, lat: 29.45, datum: "wgs84" as const };
const FAR_OFF = { starts_at: "2126-05-01T12:30:00Z", over_at: "2126-05-02T00:30:00Z", answer_by: "2126-05-01T12:20:00Z", created_at: "2026-05-01T12:00:00Z" };
const task = (id: string, fields: Partial<Task> = {}): Task => ({
  ...{ id, revision: 1, unit: unit("1"), category: "patrol", title: `Patrol ${id}`, instructions: "", place, headcount: 2, accepted: 0 },
  ...{ requirements: [], status: "called", end_reason: "", dangerous: false, severity: "normal", legal_basis: "", ...FAR_OFF, ...fields },
});
const zero = { headcount: 2, seen: 0, accepted: 0, reserve: 0, declined: 0, expired: 0, withdrawn: 0, accepted_not_reached: 0 };
const person = (n: number, state: Recipient["state"] = "silent"): Recipient => ({
  ...{ volunteer: String(20_000_000 + n), name: `Person ${n}`, phone: "13800001234", unit: "1", unit_name: "Unit 1", state },
  ...{ before: null, told: "task.called", told_at: FAR_OFF.created_at, delivered: true, seen: true, not_reached: false },
  ...{ answered_at: null, eta_at: null, reason: "", way: null, noted_by: null },
});

const fetched = vi.fn();
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
});
afterEach(() => {
  fetched.mockReset();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  document.body.replaceChildren();
});

test("of five hundred people the line of the one who answered is touched, and nothing else moves", async () => {
  let accepted = 0;
  const progress = (): Progress => ({ ...zero, offered: 500, delivered: 500, accepted, silent: 500 - accepted, not_reached: 0 });
  fetched.mockImplementation(async (path: string) => {
    if (path.includes("/recipients")) return Response.json({ items: Array.from({ length: 500 }, (_, n) => person(n, n < accepted ? "accepted" : "silent")), next: null });
    return Response.json(path.endsWith("/units") ? [] : { task: task("1"), progress: progress() });
  });
  const watch = new TaskWatch("1", { number: "23456999", closed: vi.fn(), calledOff: vi.fn(), isTold: () => true });
  const page = draw(<WatchView watch={watch} />);
  await settle();
  const lines = [...page.querySelectorAll(".person")];
  page.querySelector<HTMLElement>("#counter-silent")!.focus();
  const changes = changesOf(page);
  accepted = 1;
  watch.count(progress());
  await vi.advanceTimersByTimeAsync(2_500);

  expect([...page.querySelectorAll(".person")]).toEqual(lines);
  expect(lines[0]!.className).toBe("person accepted");
  const people = changes().filter(({ target }) => page.querySelector(".people")!.contains(target));
  expect(new Set(people.map(({ target }) => (target instanceof Element ? target : target.parentElement!).closest("li")))).toEqual(new Set([lines[0]]));
  expect(document.activeElement?.id).toBe("counter-silent");
  watch.stop();
});

test("people whom partners keep to themselves are counted below the list", async () => {
  let kept = 2;
  fetched.mockImplementation(async (path: string) => {
    if (path.includes("/recipients")) return Response.json({ items: [person(1)], next: null, kept });
    return Response.json(path.endsWith("/units") ? [] : { task: task("1"), progress: { ...zero, offered: 3, delivered: 3, silent: 3, not_reached: 0 } });
  });
  const watch = new TaskWatch("1", { number: "23456999", closed: vi.fn(), calledOff: vi.fn(), isTold: () => true });
  const page = draw(<WatchView watch={watch} />);
  await settle();
  expect(page.textContent).toContain("Not listed: 2 people");

  kept = 0;
  void watch.read();
  await settle();
  expect(page.textContent).not.toContain("Not listed");
  watch.stop();
});

test("one who moves up in the list takes the line along", async () => {
  let order = [1, 2, 3];
  fetched.mockImplementation(async (path: string) => {
    if (path.includes("/recipients")) return Response.json({ items: order.map((n) => person(n)), next: null });
    return Response.json(path.endsWith("/units") ? [] : { task: task("1"), progress: { ...zero, offered: 3, delivered: 3, silent: 3, not_reached: 0 } });
  });
  const watch = new TaskWatch("1", { number: "23456999", closed: vi.fn(), calledOff: vi.fn(), isTold: () => true });
  const page = draw(<WatchView watch={watch} />);
  await settle();
  const [one, two, three] = page.querySelectorAll(".person");
  order = [3, 1, 2];
  await watch.read();
  await settle();
  expect([...page.querySelectorAll(".person")]).toEqual([three, one, two]);
  watch.stop();
});

function volunteer() {
  document.body.innerHTML = '<p id="connection"></p><main id="main"><div id="app"></div></main>';
  const page = new VolunteerPage("23456781", Shelf.empty());
  const offer = (id: string, fields: Partial<Task> = {}, status = "offered") =>
    ({ task: task(id, fields), assignment: { task: id, volunteer: "23456781", status, offered_at: "2026-05-01T12:00:00Z", answered_at: null, eta_at: null, reason: "" } }) as Offer;
  // The page's own listener, told what the socket would tell.
  let on!: Listener;
  page.state.connect((listener) => ((on = listener), { lastUpdate: null, command: page.state.outbox.add.bind(page.state.outbox), seen: vi.fn(), renew: vi.fn() } as unknown as Client));
  return { page, on, offer, begin: (...items: Offer[]) => on.snapshot("person.23456781", { offers: { items, next: null } }, 1) };
}

test("an event about one call-out leaves the cards of the others, what is unfolded in them, and the focus", async () => {
  const { page, on, offer, begin } = volunteer();
  begin(offer("a"), offer("b"), offer("c", { status: "cancelled" }, "withdrawn"));
  const shown = draw(<InboxView page={page} />);
  await settle();
  const cards = [...shown.querySelectorAll("article")];
  const more = shown.querySelector<HTMLDetailsElement>("#more-c")!;
  more.open = true;
  shown.querySelector<HTMLElement>("#accept-b")!.focus();
  on.event({ topic: "unit.1", seq: 2, type: "task.filled", at: "", data: { task: "a", revision: 2, accepted: 2 } });
  on.event({ topic: "unit.1", seq: 3, type: "task.called", at: "2026-05-01T13:00:00Z", data: { call_out: "x", task: task("d") } });
  await settle();
  expect([...shown.querySelectorAll("article")].slice(1)).toEqual(cards);
  expect(shown.querySelector("article")!.dataset.task).toBe("d");
  expect(more.open).toBe(true);
  expect(document.activeElement?.id).toBe("accept-b");
  expect(shown.querySelector("#inbox_open .count")!.textContent).toBe("3");
});

test("the focus goes on to the choices, and to the title of the card when they are gone", async () => {
  const { page, offer, begin } = volunteer();
  begin(offer("a"));
  const shown = draw(<InboxView page={page} />);
  await settle();
  const press = async (button: string) => {
    const element = shown.querySelector<HTMLElement>(button)!;
    element.focus();
    element.click();
    await settle();
  };
  await press("#accept-a");
  expect(document.activeElement?.textContent).toBe("5 min");
  await press(".choices .chip");
  expect(document.activeElement?.id).toBe("title-a");
  expect(shown.querySelector(".notice.pending")).not.toBeNull();
  await press("#take-back-a");
  await vi.waitFor(() => expect(shown.querySelector("#accept-a")).not.toBeNull());
  expect(document.activeElement?.id).toBe("title-a");
});

test("a count that moves in the tree touches its own line alone, and a branch stays open", async () => {
  let onDuty = 1;
  const counts = (number: string, parent: string | null, on_duty: number, children = 0): UnitCounts => ({ unit: unit(number, parent), members: 9, on_duty, unreachable: 0, children });
  fetched.mockImplementation(async (path: string) =>
    Response.json(path.endsWith("/children") ? [counts("11", "1", onDuty), counts("12", "1", 4)] : counts("1", null, 5, 2)),
  );
  const known = vi.fn();
  const tree = new UnitTree(vi.fn(), known);
  const page = draw(<TreeView tree={tree} />);
  await tree.start([unit("1")]);
  await settle();
  expect(page.querySelectorAll(".tree-row")).toHaveLength(3);
  const changes = changesOf(page);
  onDuty = 2;
  await tree.refresh();
  await settle();
  expect(changes().map(({ target }) => target.parentElement?.closest(".tree-row")?.querySelector(".unit-name")?.textContent)).toEqual(["Unit 11"]);
  expect(known).toHaveBeenCalledTimes(1);
  page.querySelector<HTMLElement>("#open-1")!.click();
  await settle();
  expect(page.querySelectorAll(".tree-row")).toHaveLength(1);
});
