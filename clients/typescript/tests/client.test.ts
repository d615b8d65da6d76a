import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link } from "../src/link.js";
import { FakeSocket } from "./fakes.js";
import { EPOCH, event, setUp, settle, welcome, type Told } from "./setup.js";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => vi.useRealTimers());

test("hello carries the saved cursors", async () => {
  const { client } = setUp({ "unit.1": 41 });
  client.start();
  const socket = await welcome({ "unit.1": { head: 41, recovered: true } });
  expect(socket.of("hello")[0]!.cursors).toEqual({ "unit.1": 41 });
  expect(client.phase).toBe("open");
});

test("an event that comes twice is told once", async () => {
  const { client, events } = setUp({ "unit.1": 41 });
  client.start();
  const socket = await welcome({ "unit.1": { head: 43, recovered: true } });
  for (const seq of [42, 43, 42, 43, 44]) socket.tell(event(seq));
  expect(events.map((e) => e.seq)).toEqual([42, 43, 44]);
});

test("a snapshot starts the topic at its head", async () => {
  const { client, listener, events, cursors } = setUp();
  client.start();
  const socket = await welcome({ "person.1": { head: 7, recovered: false, snapshot: { offers: [] } } });
  socket.tell(event(7, "person.1"));
  expect(listener.snapshot).toHaveBeenCalledWith("person.1", { offers: [] }, 7);
  expect(events).toEqual([]);
  expect(cursors.all()).toEqual({ "person.1": 7 });
});

test("a topic that the server has joined us to begins with its snapshot", async () => {
  const { client, listener, events, cursors } = setUp({ "unit.2": 900 });
  client.start();
  const socket = await welcome({ "unit.2": { head: 900, recovered: true } });
  socket.tell({ type: "topic.joined", topic: "unit.1", head: 5, snapshot: { offers: [] } });
  socket.tell({ type: "topic.joined", topic: "unit.2", head: 3, snapshot: {} });
  socket.tell({ type: "caught_up", topics: { "unit.1": 5 } });
  [5, 6].forEach((seq) => socket.tell(event(seq)));
  expect(listener.snapshot.mock.calls).toEqual([
    ["unit.1", { offers: [] }, 5],
    ["unit.2", {}, 3],
  ]);
  expect(events.map((e) => e.seq)).toEqual([6]);
  expect(cursors.all()).toEqual({ "unit.1": 6, "unit.2": 3 });
});

test("receipts are sent together", async () => {
  const { client } = setUp({ "unit.1": 0 });
  client.start();
  const socket = await welcome({ "unit.1": { head: 0, recovered: true } });
  [1, 2, 3].forEach((seq) => socket.tell(event(seq)));
  client.seen("unit.1", 2);
  await vi.advanceTimersByTimeAsync(500);
  expect(socket.of("receipt")).toEqual([{ type: "receipt", epoch: EPOCH, delivered: { "unit.1": 3 }, seen: { "unit.1": 2 } }]);
});

test("a command without a connection is sent after the next hello, once", async () => {
  const { client, listener, outbox } = setUp();
  const pending = client.command("assignment.answer", { task: "t", answer: "accept" });
  client.start();
  const socket = await welcome();
  const sent = socket.of("assignment.answer");
  expect(sent.map((frame) => frame.key)).toEqual([pending.key]);
  socket.tell({ reply: sent[0]!.id, result: { status: "accepted" } });
  expect(listener.replied).toHaveBeenCalledTimes(1);
  expect(outbox.all()).toEqual([]);
});

test("a command whose reply was lost goes again with the same key", async () => {
  const { client } = setUp();
  client.start();
  const first = await welcome();
  const pending = client.command("assignment.answer", { task: "t", answer: "accept" });
  await settle();
  first.fail(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome();
  expect(first.of("assignment.answer")[0]!.key).toBe(pending.key);
  expect(second.of("assignment.answer")[0]!.key).toBe(pending.key);
});

test("a busy server's problem keeps the command, a refusal ends it", async () => {
  const { client, listener, outbox } = setUp();
  client.start();
  const socket = await welcome();
  client.command("duty.set", { on: true });
  await settle();
  const problem = { type: "/problems/too-many", title: "Too many", status: 429, detail: "" };
  socket.tell({ reply: socket.of("duty.set")[0]!.id, problem });
  expect(outbox.all()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_000);
  socket.tell({ reply: socket.of("duty.set")[1]!.id, problem: { ...problem, status: 409 } });
  expect(outbox.all()).toEqual([]);
  expect(listener.refused).toHaveBeenCalledTimes(1);
});

test("two heartbeats ahead of us fetch what was missed", async () => {
  const { client, events, catchUp, cursors } = setUp({ "unit.1": 3 });
  catchUp.mockResolvedValue({ epoch: EPOCH, topics: { "unit.1": { head: 6, recovered: true, events: [event(4)] } } });
  client.start();
  const socket = await welcome({ "unit.1": { head: 3, recovered: true } });
  socket.tell({ type: "heartbeat", heads: { "unit.1": 6 }, through: { "unit.1": 6 }, server_time: "" });
  expect(catchUp).not.toHaveBeenCalled();
  socket.tell({ type: "heartbeat", heads: { "unit.1": 6 }, through: { "unit.1": 6 }, server_time: "" });
  await settle();
  expect(catchUp).toHaveBeenCalledWith({ epoch: EPOCH, cursors: { "unit.1": 3 } });
  expect(events.map((e) => e.seq)).toEqual([4]);
  expect(cursors.all()).toEqual({ "unit.1": 6 });
});

test("what comes while the missed is read waits for it", async () => {
  const { client, events, catchUp, cursors } = setUp({ "unit.1": 3 });
  let answer: (found: Told) => void = () => undefined;
  catchUp.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  client.start();
  const socket = await welcome({ "unit.1": { head: 3, recovered: true } });
  const beat = { type: "heartbeat", heads: { "unit.1": 4 }, through: { "unit.1": 4 }, server_time: "" };
  socket.tell(beat);
  socket.tell(beat);
  socket.tell(event(5));
  socket.tell({ ...beat, heads: { "unit.1": 5 }, through: { "unit.1": 9 } });
  expect(cursors.all()).toEqual({ "unit.1": 3 });
  answer({ epoch: EPOCH, topics: { "unit.1": { head: 4, recovered: true, events: [event(4)] } } });
  await settle();
  expect(events.map((e) => e.seq)).toEqual([4, 5]);
});

test("what cannot be read comes by a new connection", async () => {
  const { client, events, catchUp } = setUp({ "unit.1": 3 });
  catchUp.mockRejectedValue(new Error("no network"));
  client.start();
  const first = await welcome({ "unit.1": { head: 3, recovered: true } });
  const beat = { type: "heartbeat", heads: { "unit.1": 4 }, through: { "unit.1": 4 }, server_time: "" };
  first.tell(beat);
  first.tell(beat);
  first.tell(event(5));
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome({ "unit.1": { head: 5, recovered: true } });
  [4, 5].forEach((seq) => second.tell(event(seq)));
  expect(second.of("hello")[0]!.cursors).toEqual({ "unit.1": 3 });
  expect(events.map((e) => e.seq)).toEqual([4, 5]);
});

test("cursors go on over events that were for others, and are kept", async () => {
  const { client, cursors, listener } = setUp({ "unit.1": 3, "unit.2": 5 });
  const kept = vi.fn();
  Object.assign(listener, { kept });
  client.start();
  const joined = { "unit.1": { head: 8, recovered: true }, "unit.2": { head: 5, recovered: true } };
  const socket = await welcome(joined);
  socket.tell(event(4));
  socket.tell({ type: "caught_up", topics: { "unit.1": 8, "unit.2": 5, "unit.unknown": 3 } });
  expect(cursors.all()).toEqual({ "unit.1": 8, "unit.2": 5 });
  const [heads, through] = [{ "unit.1": 4, "unit.2": 6 }, { "unit.1": 1_500, "unit.2": 7 }];
  kept.mockClear();
  socket.tell({ type: "heartbeat", heads, through, server_time: "" });
  expect(cursors.all()).toEqual({ "unit.1": 1_500, "unit.2": 5 });
  expect(kept).toHaveBeenCalled();
  socket.tell({ type: "heartbeat", heads: { "unit.1": 4 }, through: { "unit.1": 9 }, server_time: "" });
  expect(cursors.get("unit.1")).toBe(1_500);
});

test("in another epoch nothing of before counts: no cursor, no receipt that waits", async () => {
  const { client, listener, events, cursors } = setUp({ "unit.1": 41, "task.9": 2 });
  const begunAnew = vi.fn();
  Object.assign(listener, { begunAnew });
  client.start();
  const first = await welcome({ "unit.1": { head: 41, recovered: true } });
  expect(first.of("hello")[0]).toMatchObject({ epoch: EPOCH, cursors: { "unit.1": 41, "task.9": 2 } });
  first.tell(event(42));
  client.seen("unit.1", 42);
  first.fail(1012);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome({ "unit.1": { head: 9, recovered: false, snapshot: { offers: [] } } }, "another");
  second.tell(event(10));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begunAnew).toHaveBeenCalledTimes(1);
  expect(cursors.reached()).toEqual({ epoch: "another", cursors: { "unit.1": 10 } });
  expect(events.map((e) => e.seq)).toEqual([42, 10]);
  expect(second.of("receipt")).toEqual([{ type: "receipt", epoch: "another", delivered: { "unit.1": 10 } }]);
});

test("what was missed in another epoch is not taken", async () => {
  const { client, events, catchUp } = setUp({ "unit.1": 3 });
  catchUp.mockResolvedValue({ epoch: "another", topics: { "unit.1": { head: 4, recovered: true, events: [event(4)] } } });
  client.start();
  const socket = await welcome({ "unit.1": { head: 3, recovered: true } });
  const beat = { type: "heartbeat", heads: { "unit.1": 4 }, through: { "unit.1": 4 }, server_time: "" };
  socket.tell(beat);
  socket.tell(beat);
  await settle();
  expect(events).toEqual([]);
  expect(socket.isClosed).toBe(true);
});

test("silence longer than two heartbeats is a lost connection", async () => {
  const { client } = setUp();
  client.start();
  const socket = await welcome();
  await vi.advanceTimersByTimeAsync(54_000);
  expect(socket.isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(socket.isClosed).toBe(true);
  expect(FakeSocket.all).toHaveLength(2);
});

test("waking an open link asks for a pong and reconnects without one", async () => {
  const { client } = setUp();
  client.start();
  const socket = await welcome();
  client.link.wake();
  expect(socket.of("ping")).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(socket.isClosed).toBe(true);
});

test("a network that comes back does not wait for the delay", async () => {
  const { client } = setUp();
  client.start();
  FakeSocket.last.fail(1006);
  expect(client.phase).toBe("waiting");
  client.link.wake();
  expect(FakeSocket.all).toHaveLength(2);
});

test.each([
  [4400, "stopped", "malformed"],
  [1002, "stopped", "malformed"],
  [1007, "stopped", "malformed"],
  [1008, "stopped", "malformed"],
  [1009, "stopped", "malformed"],
  [4403, "stopped", "revoked"],
  [4401, "signed-out", null],
  [4404, "renumbered", null],
] as const)("close code %i ends as %s and does not reconnect", async (code, phase, why) => {
  const { client } = setUp();
  client.start();
  const socket = await welcome();
  socket.fail(code);
  await vi.advanceTimersByTimeAsync(120_000);
  client.link.wake();
  expect(client.phase).toBe(phase);
  expect(client.link.why).toBe(why);
  expect(FakeSocket.all).toHaveLength(1);
});

test("positions go one frame at a time and leave the queue when stored", async () => {
  const { client, fixes } = setUp();
  for (let i = 0; i < 120; i += 1) {
    fixes.add({ at: "", lon: 120, lat: 29, datum: "wgs84", acc_m: i });
  }
  client.start();
  const socket = await welcome();
  expect(socket.of("position").map((f) => (f.fixes as unknown[]).length)).toEqual([100]);
  socket.tell({ type: "stored", positions: 1 });
  expect(socket.of("position").map((f) => (f.fixes as unknown[]).length)).toEqual([100, 20]);
  socket.fail(1006);
  expect(fixes.length).toBe(20);
});

test("a followed topic is joined again after a reconnection", async () => {
  const { client, listener } = setUp();
  client.start();
  const first = await welcome();
  client.follow("task.9");
  first.tell({ reply: first.of("topic.join")[0]!.id, result: { head: 2, recovered: false, snapshot: { task: {} } } });
  await settle();
  expect(listener.snapshot).toHaveBeenCalledWith("task.9", { task: {} }, 2);
  first.fail(1012);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome();
  expect(second.of("hello")[0]!.cursors).toEqual({ "task.9": 2 });
  expect(second.of("topic.join").map((frame) => frame.body)).toEqual([{ topic: "task.9", cursor: 2, epoch: EPOCH }]);
});

test("what comes in the same breath as the reply to hello is told after it", () => {
  const { client, events, listener, cursors } = setUp();
  client.start();
  const socket = FakeSocket.last;
  socket.open();
  const topics = { "unit.1": { head: 0, recovered: false, snapshot: {} } };
  const result = { volunteer: "23456781", epoch: EPOCH, topics, unknown: [], heartbeat_s: 25, position_every_s: 30, server_time: "" };
  socket.tell({ reply: socket.of("hello")[0]!.id, result });
  socket.tell(event(1));
  expect(listener.snapshot).toHaveBeenCalledWith("unit.1", {}, 0);
  expect(events.map((e) => e.seq)).toEqual([1]);
  expect(cursors.all()).toEqual({ "unit.1": 1 });
});

test("a later command does not overtake one that the server was too busy for", async () => {
  const { client, outbox, listener } = setUp();
  client.start();
  const socket = await welcome();
  const [first, second] = [client.command("duty.set", { on: true }), client.command("duty.set", { on: false })];
  const sent = () => socket.of("duty.set").map((frame) => frame.key);
  await settle();
  socket.tell({ reply: socket.of("duty.set")[0]!.id, problem: { type: "/problems/busy", title: "", status: 503, detail: "" } });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(sent()).toEqual([first.key, first.key]);
  socket.tell({ reply: socket.of("duty.set")[1]!.id, result: { on: true } });
  await settle();
  expect(sent()).toEqual([first.key, first.key, second.key]);
  socket.tell({ reply: socket.of("duty.set")[2]!.id, result: { on: false } });
  expect(listener.replied.mock.calls.map(([one]) => one.key)).toEqual([first.key, second.key]);
  expect(outbox.all()).toEqual([]);
});

test("a command without its reply for long goes again by another connection", async () => {
  const { client } = setUp();
  client.start();
  const first = await welcome();
  const pending = client.command("duty.set", { on: true });
  await vi.advanceTimersByTimeAsync(14_000);
  expect(first.isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(first.isClosed).toBe(true);
  const second = await welcome();
  expect(second.of("duty.set").map((frame) => frame.key)).toEqual([pending.key]);
});

test("what was seen is said again after a reconnection: a receipt has no answer", async () => {
  const { client } = setUp({ "unit.1": 3 });
  client.start();
  const first = await welcome({ "unit.1": { head: 3, recovered: true } });
  client.seen("unit.1", 3);
  await vi.advanceTimersByTimeAsync(500);
  first.fail(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome({ "unit.1": { head: 3, recovered: true } });
  await vi.advanceTimersByTimeAsync(500);
  expect(second.of("receipt")).toEqual([{ type: "receipt", epoch: EPOCH, seen: { "unit.1": 3 } }]);
});

test("a topic that is read anew begins with its snapshot, and with what came meanwhile", async () => {
  const { client, events, listener, catchUp, cursors } = setUp({ "unit.1": 3, "person.1": 7 });
  let answer: (found: Told) => void = () => undefined;
  catchUp.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  client.start();
  const socket = await welcome({ "unit.1": { head: 3, recovered: true }, "person.1": { head: 7, recovered: true } });
  client.renew("person.1");
  expect(catchUp).toHaveBeenCalledWith({ epoch: EPOCH, cursors: { "unit.1": 3 } });
  [event(8, "person.1"), event(9, "person.1"), event(4)].forEach((one) => socket.tell(one));
  socket.tell({ type: "topic.joined", topic: "unit.1", head: 3, snapshot: {} });
  answer({ epoch: EPOCH, topics: { "unit.1": { head: 3, recovered: true }, "person.1": { head: 8, recovered: false, snapshot: { offers: [] } } } });
  await settle();
  expect(listener.snapshot.mock.calls).toEqual([["person.1", { offers: [] }, 8]]);
  expect(events.map((e) => [e.topic, e.seq])).toEqual([["person.1", 9], ["unit.1", 4]]);
  expect(cursors.all()).toEqual({ "unit.1": 4, "person.1": 9 });
});

test("what was read before the server had joined us is receipted once it has", async () => {
  const { client, catchUp, cursors } = setUp({ "person.1": 7 });
  let answer: (found: Told) => void = () => undefined;
  catchUp.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  client.start();
  const socket = await welcome({ "person.1": { head: 7, recovered: true } });
  client.renew("person.1");
  answer({
    epoch: EPOCH,
    topics: { "person.1": { head: 7, recovered: false, snapshot: {} }, "unit.2": { head: 5, recovered: false, snapshot: {} } },
  });
  await vi.advanceTimersByTimeAsync(1_000); // the server knows of no unit.2 here yet: what is told of it is lost
  client.renew("person.1");
  socket.tell({ type: "topic.joined", topic: "unit.2", head: 4, snapshot: {} });
  answer({
    epoch: EPOCH,
    topics: { "person.1": { head: 7, recovered: false, snapshot: {} }, "unit.2": { head: 5, recovered: true, events: [] } },
  });
  await vi.advanceTimersByTimeAsync(1_000);
  const receipts = socket.of("receipt").map(({ delivered }) => (delivered as Record<string, number>)["unit.2"]);
  expect(receipts.filter((seq) => seq === 5)).toHaveLength(2);
  expect(cursors.get("unit.2")).toBe(5);
});

test("a topic that could not be read anew comes with the next connection", async () => {
  const { client, catchUp } = setUp({ "person.1": 7 });
  catchUp.mockRejectedValue(new TypeError("a portal"));
  client.start();
  await welcome({ "person.1": { head: 7, recovered: true } });
  client.renew("person.1");
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await welcome()).of("hello")[0]!.cursors).toEqual({});
});

test("counts of a topic are no event: they move no cursor and need no receipt", async () => {
  const { client, listener, events, cursors } = setUp({ "task.1": 7 });
  client.start();
  const socket = await welcome({ "task.1": { head: 7, recovered: true } });
  const frame = { topic: "task.1", type: "task.counts", data: { delivered: 3 } };
  socket.tell(frame);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(listener.counts).toHaveBeenCalledExactlyOnceWith(frame);
  expect([events, cursors.get("task.1"), socket.of("receipt")]).toEqual([[], 7, []]);
});

test("a unit that is left and another that is gained are read once", async () => {
  const { client, listener, catchUp, cursors } = setUp({ "unit.1": 3, "person.1": 7 });
  listener.event = () => client.renew("person.1");
  listener.revoked.mockImplementation(() => client.renew("person.1"));
  const snapshot = { head: 8, recovered: false, snapshot: {} };
  catchUp.mockResolvedValue({ epoch: EPOCH, topics: { "person.1": snapshot, "unit.2": { ...snapshot, head: 5 } } });
  client.start();
  const socket = await welcome({ "unit.1": { head: 3, recovered: true }, "person.1": { head: 7, recovered: true } });
  socket.tell(event(8, "person.1"));
  socket.tell({ type: "topic.revoked", topic: "unit.1" });
  socket.tell({ type: "topic.joined", topic: "unit.2", head: 5, snapshot: {} });
  await settle();
  expect(catchUp.mock.calls).toEqual([[{ epoch: EPOCH, cursors: { "unit.1": 3 } }]]);
  expect(listener.revoked.mock.calls).toEqual([["unit.1"]]);
  expect(cursors.all()).toEqual({ "person.1": 8, "unit.2": 5 });
});

test("the socket tells the time at its beginning and with each heartbeat", async () => {
  const { client, listener } = setUp();
  const told = vi.fn();
  Object.assign(listener, { time: told });
  client.start();
  const socket = await welcome();
  socket.tell({ type: "heartbeat", heads: {}, through: {}, server_time: "2026-05-01T12:00:00Z" });
  expect(told.mock.calls).toEqual([[""], ["2026-05-01T12:00:00Z"]]);
  expect(FakeSocket.last).toBe(socket);
});

test("Node tells nothing of its network, and is taken to have one", () => {
  vi.stubGlobal("navigator", undefined);
  const link = new Link({ url: "ws://test/", subprotocol: "x", makeSocket: () => new FakeSocket() as unknown as WebSocket }, callbacks());
  link.connect();
  expect(link.phase).toBe("connecting");
  vi.unstubAllGlobals();
});

const callbacks = () => ({ opened: vi.fn(), received: vi.fn(), closed: vi.fn(), changed: vi.fn() });
