import { expect, test } from "vitest";
import { afterClose, exponential, LONGEST_DELAY_MS } from "../src/protocol/backoff";
import { CursorBook } from "../src/protocol/cursors";
import { FixQueue } from "../src/protocol/fixes";
import { isFinal, Outbox } from "../src/protocol/outbox";
import { ReceiptBatch } from "../src/protocol/receipts";
import { gcj02ToWgs84, wgs84ToGcj02 } from "../scripts/datum.mjs";
import { MemoryShelf } from "./fakes";

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

test("the outbox survives a reload, in order, and knows its owner", () => {
  const shelf = new MemoryShelf();
  const first = new Outbox(shelf, "1").add("duty.set", { on: true });
  const second = new Outbox(shelf, "1").add("duty.set", { on: false });
  new Outbox(shelf, "2").add("duty.set", { on: true });
  expect(new Outbox(shelf, "1").all().map((p) => p.body)).toEqual([{ on: true }, { on: false }]);
  new Outbox(shelf, "1").remove(first.key);
  expect(new Outbox(shelf, "1").all()).toEqual([second]);
});

test("commands of the same millisecond keep their order", () => {
  const outbox = new Outbox(new MemoryShelf(), "1");
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
  const queue = new FixQueue(new MemoryShelf(), "1", 150);
  const fix = (acc_m: number) => ({ at: "", lon: 0, lat: 0, datum: "wgs84" as const, acc_m });
  for (let i = 0; i < 150; i += 1) queue.add(fix(i));
  const frame = queue.next()!;
  queue.add(fix(-1));
  expect(queue.length).toBe(150);
  queue.stored(frame.n);
  expect(queue.length).toBe(51);
  expect(queue.next()!.fixes[0]!.acc_m).toBe(100);
});

test("an outline goes through GCJ-02 and back within a millimetre", () => {
  const [lon, lat] = gcj02ToWgs84(...wgs84ToGcj02(119.9, 29.45));
  expect(Math.hypot(lon - 119.9, lat - 29.45)).toBeLessThan(1e-8);
  const [gcjLon, gcjLat] = wgs84ToGcj02(121.5272106, 31.1774276);
  expect([gcjLon, gcjLat]).toEqual([expect.closeTo(121.531541859215, 9), expect.closeTo(31.17530398364597, 9)]);
});
