import { expect, test } from "vitest";
import { shared, sharedList } from "../src/lib/share";

test("what says the same is the same object, at every depth", () => {
  const before = { a: { n: 1, list: [{ x: 1 }, { x: 2 }] }, b: null };
  expect(shared(before, structuredClone(before))).toBe(before);
  const after = shared(before, { a: { n: 1, list: [{ x: 1 }, { x: 3 }] }, b: null });
  expect(after).toEqual({ a: { n: 1, list: [{ x: 1 }, { x: 3 }] }, b: null });
  expect(after.a.list[0]).toBe(before.a.list[0]);
});

test("a field that came, went or has become nothing is a difference", () => {
  const before: Record<string, unknown> = { a: 1, b: undefined };
  expect(shared(before, { a: 1 })).toEqual({ a: 1 });
  expect(Object.keys(shared(before, { a: 1 }))).toEqual(["a"]);
  expect(shared<Record<string, unknown>>({ a: 1 }, { a: 1, c: undefined })).toHaveProperty("c");
  expect(shared<unknown>({ a: [] }, { a: {} })).toEqual({ a: {} });
  expect(shared<unknown>({ a: 1 }, null)).toBeNull();
});

test("items of a list are known by their keys, wherever they have moved", () => {
  const before = [{ id: "a", n: 1 }, { id: "b", n: 2 }];
  const key = ({ id }: { id: string }) => id;
  expect(sharedList(before, structuredClone(before), key)).toBe(before);
  const moved = sharedList(before, [{ id: "c", n: 3 }, { id: "b", n: 2 }, { id: "a", n: 9 }], key);
  expect(moved).toEqual([{ id: "c", n: 3 }, { id: "b", n: 2 }, { id: "a", n: 9 }]);
  expect(moved[1]).toBe(before[1]);
});
