import "fake-indexeddb/auto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStore } from "../src/browser.js";
import { FixQueue } from "../src/fixes.js";
import { IndexedStore } from "../src/indexed.js";
import { LocalStore } from "../src/local.js";
import { FileStore } from "../src/node.js";
import { Outbox, type Pending } from "../src/outbox.js";
import { Shelf } from "../src/shelf.js";
import { MemoryStore, type Store } from "../src/store.js";

const OWNER = "23456781";
const KEY = "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90";
const ANSWER: Pending = { key: KEY, type: "assignment.answer", body: { task: "t", answer: "accept" }, madeAt: "2026-05-01T12:00:00Z" };
const name = (what: string) => `muster.${OWNER}.${what}`;

/** The browser's own, as far as it is used. */
class FakeStorage {
  readonly entries = new Map<string, string>();

  get length(): number {
    return this.entries.size;
  }

  key = (index: number): string | null => [...this.entries.keys()][index] ?? null;
  getItem = (key: string): string | null => this.entries.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.entries.set(key, value);
  removeItem = (key: string): void => void this.entries.delete(key);
}

let local: FakeStorage;
let database = "";
const opened: IndexedStore[] = [];
const indexed = async (): Promise<IndexedStore> => {
  const store = await IndexedStore.open(database);
  opened.push(store);
  return store;
};
const shelf = async (store?: Store) => Shelf.open(store ?? (await openStore(indexed)), OWNER);
const waiting = async (store?: Store) => new Outbox(await shelf(store)).all().map(({ key }) => key);

beforeEach(() => {
  local = new FakeStorage();
  database = `test ${Math.random()}`;
  vi.stubGlobal("localStorage", local);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await Promise.all(opened.splice(0).map((store) => store.close()));
  vi.unstubAllGlobals();
});

const stores: [string, () => Promise<Store>][] = [
  ["memory", async () => new MemoryStore()],
  ["IndexedDB", indexed],
  ["localStorage", async () => new LocalStore(local as unknown as Storage)],
  ["a file", async () => FileStore.open(join(await mkdtemp(join(tmpdir(), "muster-")), "kept.json"))],
];

test.each(stores)("%s keeps, changes and removes", async (_, open) => {
  const store = await open();
  await store.write(new Map<string, unknown>([["a.1", { n: 1 }], ["a.2", { n: 2 }], ["b.1", { n: 3 }]]));
  expect(await store.read("a.")).toEqual(new Map([["a.1", { n: 1 }], ["a.2", { n: 2 }]]));
  expect(await store.change("a.1", (held) => ({ n: (held as { n: number }).n + 10 }))).toEqual({ n: 11 });
  await store.write(new Map([["a.2", undefined]]));
  expect(await store.read("a.")).toEqual(new Map([["a.1", { n: 11 }]]));
});

test("a file holds what was written when the program is started again", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "muster-")), "kept.json");
  const before = await FileStore.open(path);
  await Promise.all([before.write(new Map([["a", 1]])), before.write(new Map([["b", 2]]))]);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ a: 1, b: 2 });
  expect(await (await FileStore.open(path)).read("")).toEqual(new Map([["a", 1], ["b", 2]]));
});

test("what an older page has queued in localStorage is moved, and then is nowhere else", async () => {
  const kept = { inbox: { items: {} }, cursors: { a: 7 }, epoch: "e", at: "2026-05-01T12:00:00Z" };
  local.setItem(name(`command.${KEY}`), JSON.stringify(ANSWER));
  local.setItem(name("inbox"), JSON.stringify(kept));
  local.setItem(name("fixes"), "[]");
  local.setItem(name("order"), "{}"); // the leader's page keeps this itself
  const now = await shelf();
  expect(new Outbox(now).all()).toEqual([ANSWER]);
  expect(now.get("inbox")).toEqual(kept);
  expect([...local.entries.keys()]).toEqual([name("order")]);
  expect(await waiting()).toEqual([KEY]);
});

test("what was moved is not lost when the page ends in between: it lies in either place, or in both", async () => {
  local.setItem(name(`command.${KEY}`), JSON.stringify(ANSWER));
  vi.spyOn(local, "removeItem").mockImplementation(() => {
    throw new Error("the page has ended");
  });
  await openStore(indexed);
  expect(local.length).toBe(1);
  vi.restoreAllMocks();
  expect(await waiting()).toEqual([KEY]);
  expect(local.length).toBe(0);
});

test("nothing is removed from localStorage when IndexedDB has not taken it", async () => {
  local.setItem(name(`command.${KEY}`), JSON.stringify(ANSWER));
  const store = await indexed();
  vi.spyOn(store, "changeAll").mockRejectedValue(new Error("no space"));
  expect(await waiting(await openStore(async () => store))).toEqual([KEY]);
  expect(local.length).toBe(1);
});

test("two tabs that start at once move the same answer once", async () => {
  local.setItem(name(`command.${KEY}`), JSON.stringify(ANSWER));
  const [one, other] = await Promise.all([shelf(), shelf()]);
  expect([one, other].map((tab) => new Outbox(tab).all())).toEqual([[ANSWER], [ANSWER]]);
  new Outbox(one).remove(KEY);
  await one.settled();
  expect(await waiting()).toEqual([]);
});

test("an older page that still runs beside a newer one loses nothing either", async () => {
  const before = await shelf();
  const mine = new Outbox(before).add("duty.set", { on: true });
  new FixQueue(before).add({ at: "2026-05-01T12:00:30Z", lon: 0, lat: 0, datum: "wgs84" });
  before.set("inbox", { at: "2026-05-01T12:01:00Z" });
  await before.settled();
  local.setItem(name(`command.${KEY}`), JSON.stringify(ANSWER));
  local.setItem(name("inbox"), JSON.stringify({ at: "2026-05-01T12:00:00Z" }));
  local.setItem(name("fixes"), JSON.stringify([{ at: "2026-05-01T12:00:00Z", lon: 0, lat: 0, datum: "wgs84" }]));
  const after = await shelf();
  expect(new Outbox(after).all().map(({ key }) => key)).toEqual([KEY, mine.key].sort());
  expect(after.get("inbox")).toEqual({ at: "2026-05-01T12:01:00Z" });
  expect(new FixQueue(after).next()!.fixes.map(({ at }) => at)).toEqual(["2026-05-01T12:00:00Z", "2026-05-01T12:00:30Z"]);
});

test.each([
  ["is barred", () => Promise.reject(new Error("private mode"))],
  ["never answers", () => new Promise<never>(() => undefined)],
])("where IndexedDB %s, localStorage keeps what waits, until it can be moved", async (_, open) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const opening = openStore(open);
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  const barred = await shelf(await opening);
  const { key } = new Outbox(barred).add("duty.set", { on: true });
  await barred.settled();
  expect(local.length).toBe(1);
  expect(await waiting()).toEqual([key]);
  expect(local.length).toBe(0);
});

test("without any storage the client works as long as its page is open", async () => {
  vi.stubGlobal("localStorage", undefined);
  const store = await openStore(() => Promise.reject(new Error("private mode")));
  expect(store).toBeInstanceOf(MemoryStore);
});

test("an answer is taken back or sent, never both, whichever tab does it", async () => {
  const [one, other] = [await shelf(await indexed()), await shelf(await indexed())];
  const pending = new Outbox(one).add("duty.set", { on: true });
  await one.settled();
  const [isSent, isBack] = await Promise.all([new Outbox(one).claim(pending), new Outbox(other).takeBack(pending.key)]);
  expect([isSent, isBack].filter(Boolean)).toHaveLength(1);
});

test("a tab learns what another one has queued, and what it has had answered", async () => {
  const [one, other] = [await shelf(await indexed()), await shelf(await indexed())];
  const told = vi.fn();
  other.changedElsewhere = told;
  const { key } = new Outbox(one).add("duty.set", { on: true });
  await vi.waitFor(() => expect(new Outbox(other).all().map((one) => one.key)).toEqual([key]));
  new Outbox(one).remove(key);
  await vi.waitFor(() => expect(new Outbox(other).all()).toEqual([]));
  expect(told).toHaveBeenCalled();
});

test("what cannot be written waits in memory, is sent all the same, and is written when it can be", async () => {
  vi.useFakeTimers();
  const store = new MemoryStore();
  const write = vi.spyOn(store, "write").mockRejectedValue(new Error("no space"));
  const full = await shelf(store);
  const pending = new Outbox(full).add("duty.set", { on: true });
  expect(await new Outbox(full).claim(pending)).toBe(true);
  expect(await waiting(store)).toEqual([]);
  write.mockRestore();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await waiting(store)).toEqual([pending.key]);
});

test("a store that hangs holds nothing back", async () => {
  vi.useFakeTimers();
  const hanging = await shelf(new MemoryStore());
  const store = new MemoryStore();
  vi.spyOn(store, "change").mockReturnValue(new Promise(() => undefined));
  const outbox = new Outbox(await shelf(store));
  const claimed = outbox.claim(outbox.add("duty.set", { on: true }));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await claimed).toBe(true);
  expect(hanging.all("")).toEqual([]);
});

test("a connection that the browser has ended is opened again", async () => {
  const store = await indexed();
  const lost = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementationOnce(() => {
    throw new DOMException("connection lost", "InvalidStateError");
  });
  await store.write(new Map([["a", 1]]));
  expect(lost).toHaveBeenCalledTimes(2);
  expect(await store.read("a")).toEqual(new Map([["a", 1]]));
});

test("what is being written is not called kept: it would be lost with the page", async () => {
  const store = new MemoryStore();
  let write: () => void = () => undefined;
  const slow: Store = {
    read: (prefix) => store.read(prefix),
    change: (name, edit) => store.change(name, edit),
    write: (changes) => new Promise((done) => (write = () => void store.write(changes).then(done))),
  };
  const held = await shelf(slow);
  const written = vi.fn();
  held.written = written;
  held.set("before", 1); // a portion is under way: the command goes with the next
  const outbox = new Outbox(held);
  const { key } = outbox.add("assignment.answer", { task: "t", answer: "accept" });
  expect(outbox.isKept(key)).toBe(false);
  write();
  await vi.waitFor(() => expect(written).toHaveBeenCalledTimes(1));
  expect(outbox.isKept(key)).toBe(false);
  expect(await waiting(store)).toEqual([]);
  write();
  await vi.waitFor(() => expect(outbox.isKept(key)).toBe(true));
  expect(await waiting(store)).toEqual([key]);
});

test("nothing is called kept while the store fails", async () => {
  const broken: Store = {
    read: () => Promise.resolve(new Map()),
    change: () => Promise.reject(new Error("full")),
    write: () => Promise.reject(new Error("full")),
  };
  const held = await shelf(broken);
  const outbox = new Outbox(held);
  const { key } = outbox.add("duty.set", { on: true });
  await held.settled();
  expect(outbox.isKept(key)).toBe(false);
});
