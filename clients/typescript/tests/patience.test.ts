import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket } from "./fakes.js";
import { EPOCH, event, setUp, settle, welcome } from "./setup.js";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => vi.useRealTimers());

test("the reply to hello may take 20 seconds, also after a connection whose heartbeats were slow", async () => {
  const { client } = setUp();
  client.start();
  const first = await welcome();
  first.fail(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = FakeSocket.last;
  second.open();
  await vi.advanceTimersByTimeAsync(19_000);
  expect(second.isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(second.isClosed).toBe(true);
});

test("a number that is missing in our own topic brings its snapshot, and the event behind the hole is not told before", async () => {
  const { client, listener, events, cursors, catchUp } = setUp({ "person.1": 3, "unit.1": 7 });
  const told = { head: 5, recovered: false, snapshot: { me: 1 } };
  catchUp.mockResolvedValue({ epoch: EPOCH, topics: { "person.1": told, "unit.1": { head: 7, recovered: true, events: [] } } });
  client.start();
  const socket = await welcome({ "person.1": { head: 3, recovered: true }, "unit.1": { head: 7, recovered: true } });
  socket.tell(event(5, "person.1"));
  await settle();
  expect(catchUp.mock.calls).toEqual([[{ epoch: EPOCH, cursors: { "unit.1": 7 } }]]);
  expect(listener.snapshot).toHaveBeenCalledWith("person.1", { me: 1 }, 5);
  expect(events).toEqual([]);
  socket.tell(event(6, "person.1"));
  socket.tell(event(9)); // a unit's numbers may skip
  expect(events.map((e) => e.seq)).toEqual([6, 9]);
  expect(cursors.all()).toEqual({ "person.1": 6, "unit.1": 9 });
});

test("what the server is too busy for waits as long as it says, over a new connection too", async () => {
  const { client } = setUp();
  client.start();
  const first = await welcome();
  client.command("duty.set", { on: true });
  await settle();
  const problem = { type: "/problems/busy", title: "", status: 503, detail: "", retry_after_s: 8 };
  first.tell({ reply: first.of("duty.set")[0]!.id, problem });
  first.fail(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  const second = await welcome();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(second.of("duty.set")).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(second.of("duty.set").map((frame) => frame.key)).toEqual([first.of("duty.set")[0]!.key]);
});
