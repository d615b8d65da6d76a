import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isFinal, type Pending } from "../src/outbox.js";
import { Refused } from "../src/refused.js";
import { FakeSocket } from "./fakes.js";
import { EPOCH, event, setUp, settle, welcome, type Told } from "./setup.js";

// A network that lets no socket through.

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => vi.useRealTimers());

const problem = (status: number) => new Refused({ type: "/problems/x", title: "", status, detail: "" });

test("a command that no socket takes goes over REST, by its key, and is settled once", async () => {
  const { client, act, listener, outbox } = setUp();
  client.start();
  const pending = client.command("duty.set", { on: true });
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(act.mock.calls).toEqual([[pending]]);
  expect(listener.replied.mock.calls).toEqual([[pending, { on: true }]]);
  expect(outbox.all()).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).toHaveBeenCalledTimes(1);
});

test("without an answer of ours a command waits, in its order, and is asked for again", async () => {
  const { client, act, outbox, listener } = setUp();
  client.start();
  const [first, second] = [client.command("duty.set", { on: true }), client.command("duty.set", { on: false })];
  for (const failure of [new TypeError("no network"), problem(503)]) {
    act.mockRejectedValueOnce(failure);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outbox.all().map((pending) => pending.key)).toEqual([first.key, second.key]);
  }
  act.mockRejectedValueOnce(problem(409));
  await vi.advanceTimersByTimeAsync(10_000);
  const keysOf = (calls: [Pending, ...unknown[]][]) => calls.map(([one]) => one.key);
  expect(keysOf(act.mock.calls)).toEqual([first.key, first.key, first.key, second.key]);
  expect(keysOf(listener.refused.mock.calls as [Pending][])).toEqual([first.key]);
  expect(keysOf(listener.replied.mock.calls as [Pending][])).toEqual([second.key]);
});

test("a command under way on both doors is settled by whichever answers first", async () => {
  const { client, act, listener } = setUp();
  client.start();
  const pending = client.command("duty.set", { on: true });
  let answer: (result: unknown) => void = () => undefined;
  act.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
  await vi.advanceTimersByTimeAsync(10_000);
  const socket = await welcome();
  const frame = socket.of("duty.set")[0]!;
  expect(frame.key).toBe(pending.key);
  socket.tell({ reply: frame.id, result: { on: true } });
  answer({ on: true });
  await settle();
  expect(listener.replied).toHaveBeenCalledTimes(1);
});

test("nothing goes over REST for somebody who has been signed out", async () => {
  const { client, act } = setUp();
  client.start();
  const socket = await welcome();
  socket.fail(4403);
  client.command("duty.set", { on: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).not.toHaveBeenCalled();
});

test("what the network was too slow for is asked for again", () => {
  const ended = [401, 408, 429, 500, 503, 403, 404, 409, 422].filter((status) => isFinal(problem(status).problem));
  expect(ended).toEqual([403, 404, 409, 422]);
});

test("what was missed is read over REST, again and again, and receipted there", async () => {
  const { client, events, catchUp, receipt, cursors } = setUp({ "unit.1": 3 });
  const found = (head: number, ...seqs: number[]) => ({
    epoch: EPOCH,
    topics: { "unit.1": { head, recovered: true, events: seqs.map((seq) => event(seq)) } },
  });
  catchUp.mockResolvedValueOnce(found(6, 4, 5)).mockResolvedValueOnce(found(7, 7)).mockResolvedValue(found(7));
  receipt.mockRejectedValueOnce(new TypeError("a portal"));
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(events.map((e) => e.seq)).toEqual([4, 5]);
  expect(cursors.all()).toEqual({ "unit.1": 6 });
  expect(client.lastUpdate).not.toBeNull();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(events.map((e) => e.seq)).toEqual([4, 5, 7]);
  expect(catchUp.mock.calls.map(([reached]) => reached.cursors)).toEqual([{ "unit.1": 3 }, { "unit.1": 6 }]);
  expect(receipt.mock.calls.map(([frame]) => frame.delivered)).toEqual([{ "unit.1": 6 }, { "unit.1": 7 }]);
});

test("where no socket comes, an act goes at once", async () => {
  const { client, act } = setUp();
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(11_000);
  client.command("duty.set", { on: true });
  await settle();
  expect(act).toHaveBeenCalledTimes(1);
});

test("another epoch is entered, and topics that are ours no more are left, without a socket too", async () => {
  const { client, listener, catchUp, cursors } = setUp({ "unit.1": 3, "unit.2": 9 });
  const topics = { "unit.1": { head: 1, recovered: false, snapshot: { offers: [] } } };
  catchUp.mockResolvedValueOnce({ epoch: EPOCH, topics: { "unit.1": { head: 3, recovered: true } } });
  catchUp.mockResolvedValueOnce({ epoch: "another", topics });
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(listener.revoked).toHaveBeenCalledWith("unit.2");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(listener.snapshot).toHaveBeenCalledWith("unit.1", { offers: [] }, 1);
  expect(cursors.reached()).toEqual({ epoch: "another", cursors: { "unit.1": 1 } });
});

test("what was read before a hello was answered does not undo what came with the answer", async () => {
  const { client, listener, catchUp, cursors } = setUp();
  let answer: (found: Told) => void = () => undefined;
  catchUp.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  client.start();
  await vi.advanceTimersByTimeAsync(10_000);
  await welcome({ "unit.1": { head: 5, recovered: false, snapshot: { offers: [] } } });
  answer({ epoch: EPOCH, topics: { "unit.1": { head: 4, recovered: false, snapshot: {} } } });
  await settle();
  expect(listener.snapshot.mock.calls).toEqual([["unit.1", { offers: [] }, 5]]);
  expect(cursors.all()).toEqual({ "unit.1": 5 });
});

test("a socket that fails meanwhile does not stop the reading", async () => {
  const { client, events, catchUp } = setUp({ "unit.1": 3 });
  let answer: (found: Told) => void = () => undefined;
  catchUp.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(10_000);
  FakeSocket.last.fail(1006);
  answer({ epoch: EPOCH, topics: { "unit.1": { head: 4, recovered: true, events: [event(4)] } } });
  await settle();
  expect(events.map((e) => e.seq)).toEqual([4]);
});

test("a topic that has to be read anew is read at once", async () => {
  const { client, listener, catchUp } = setUp({ "person.1": 7 });
  listener.event = (one) => {
    if (one.seq === 8) client.renew("person.1");
  };
  const told = (topics: Told["topics"]) => catchUp.mockResolvedValueOnce({ epoch: EPOCH, topics });
  told({ "person.1": { head: 9, recovered: true, events: [event(8, "person.1"), event(9, "person.1")] } });
  told({ "person.1": { head: 9, recovered: false, snapshot: { offers: [] } } });
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(catchUp.mock.calls.map(([reached]) => reached.cursors)).toEqual([{ "person.1": 7 }, {}]);
  expect(listener.snapshot).toHaveBeenCalledWith("person.1", { offers: [] }, 9);
});

test("without a network nothing is tried: an answer can be taken back until there is one", async () => {
  const { client, act, outbox } = setUp();
  client.start();
  client.link.sleep();
  const { key } = client.command("duty.set", { on: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).not.toHaveBeenCalled();
  expect(await outbox.takeBack(key)).toBe(true);
  const sent = client.command("duty.set", { on: true });
  client.link.wake();
  await welcome();
  expect(await outbox.takeBack(sent.key)).toBe(false);
});

test("where no socket comes, cursors are receipted as hello would", async () => {
  const { client, receipt, catchUp } = setUp({ "unit.1": 3, "unit.2": 0 });
  const topics = { "unit.1": { head: 3, recovered: true }, "unit.2": { head: 0, recovered: true } };
  catchUp.mockResolvedValue({ epoch: EPOCH, topics });
  client.start();
  FakeSocket.last.fail(1006);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(receipt.mock.calls).toEqual([[{ type: "receipt", epoch: EPOCH, delivered: { "unit.1": 3 } }]]);
});
