import { expect, test } from "vitest";
import { afterClose, exponential, LONGEST_DELAY_MS } from "../src/backoff.js";
import { CursorBook } from "../src/cursors.js";
import { FixQueue } from "../src/fixes.js";
import { isFinal, Outbox } from "../src/outbox.js";
import { ReceiptBatch } from "../src/receipts.js";
import { Shelf } from "../src/shelf.js";
import { MemoryStore } from "../src/store.js";

test("delays grow, are spread and have a limit", () => {
  expect([0, 1, 2].map((attempt) => exponential(attempt, 0))).toEqual([500, 1_000, 2_000]);
  expect(exponential(0, 0.999)).toBeLessThan(1_000);
  expect(exponential(1_000, 0.999)).toBeLessThanOrEqual(LONGEST_DELAY_MS);
});

test("a restarting server gets its phones back over several seconds", () => {
  const delays = [0, 0.5, 0.99].map((random) => afterClose(1012, 0, random));
  expect(delays.map((next) => (next.act === "retry" ? Math.round(next.afterMs) : 0))).toEqual([500, 3_000, 5_450]);
});

test("a delay that the server gave is kept to, at its restart only", () => {
  expect(afterClose(1012, 0, 0.5, 7_300)).toEqual({ act: "retry", afterMs: 7_300 });
  expect(afterClose(1006, 0, 0, 7_300)).toEqual({ act: "retry", afterMs: 500 });
});

test("too slow waits at least five seconds", () => {
  expect(afterClose(4290, 0, 0)).toEqual({ act: "retry", afterMs: 5_000 });
});

test("cursors never go back, except by a snapshot", () => {
  const book = new CursorBook({ a: 5 });
  book.advance("a", 3);
  expect(book.all()).toEqual({ a: 5 });
  book.restart("a", 2);
  expect(book.all()).toEqual({ a: 2 });
});

test("a head that arrives before its event is not a loss", () => {
  const book = new CursorBook({ a: 5 });
  expect(book.behind({ a: 6 })).toEqual([]);
  book.advance("a", 6);
  expect(book.behind({ a: 7 })).toEqual([]);
  expect(book.behind({ a: 8 })).toEqual(["a"]);
});

test("heads of topics that are not ours are nothing to us", () => {
  const book = new CursorBook({ a: 5 });
  book.behind({ b: 9 });
  expect(book.behind({ b: 9 })).toEqual([]);
});

test("the outbox survives a reload, in order, and knows its owner", async () => {
  const store = new MemoryStore();
  const outboxOf = async (owner: string) => new Outbox(await Shelf.open(store, owner));
  const before = await outboxOf("1");
  const [first, second] = [before.add("duty.set", { on: true }), before.add("duty.set", { on: false })];
  (await outboxOf("2")).add("duty.set", { on: true });
  const after = await outboxOf("1");
  expect(after.all().map((p) => p.body)).toEqual([{ on: true }, { on: false }]);
  after.remove(first.key);
  expect((await outboxOf("1")).all()).toEqual([second]);
});

test("commands of the same millisecond keep their order", () => {
  const outbox = new Outbox(Shelf.empty());
  const made = Array.from({ length: 500 }, (_, n) => outbox.add("duty.set", { n }));
  expect(outbox.all()).toEqual(made);
});

test.each([
  [409, true],
  [404, true],
  [422, true],
  [401, false],
  [429, false],
  [503, false],
])("a problem of status %i is final: %s", (status, final) => {
  expect(isFinal({ type: "", title: "", status, detail: "" })).toBe(final);
});

test("receipts keep the highest and tell what was seen only once", () => {
  const batch = new ReceiptBatch();
  batch.delivered("a", 3);
  batch.delivered("a", 2);
  batch.seen("a", 1);
  expect(batch.take("e")).toEqual({ type: "receipt", epoch: "e", delivered: { a: 3 }, seen: { a: 1 } });
  batch.seen("a", 1);
  expect(batch.take("e")).toBeNull();
});

test("a full queue of positions drops the oldest, not what is under way", () => {
  const queue = new FixQueue(Shelf.empty(), 150);
  const fix = (acc_m: number) => ({ at: "", lon: 0, lat: 0, datum: "wgs84" as const, acc_m });
  for (let i = 0; i < 150; i += 1) queue.add(fix(i));
  const frame = queue.next()!;
  queue.add(fix(-1));
  expect(queue.length).toBe(150);
  queue.stored(frame.n);
  expect(queue.length).toBe(51);
  expect(queue.next()!.fixes[0]!.acc_m).toBe(100);
});
