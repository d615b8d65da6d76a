import { expect, test } from "vitest";
import { appsOf, linkTo, MAP_APPS } from "../src/lib/maps";

const GATE = { name: "学校门口", lat: 29.45, lon: 119.89 };
const IN_GCJ02 = ["29.447", "119.894"];
const numbers = (link: string): string => decodeURIComponent(link);

test("the phone's own map gets WGS-84, the maps of China what they draw", () => {
  expect(linkTo("phone", GATE)).toBe(`geo:29.45,119.89?q=29.45,119.89(${encodeURIComponent("学校门口")})`);
  for (const app of ["amap", "baidu", "tencent", "apple"] as const) {
    for (const degrees of IN_GCJ02) expect(numbers(linkTo(app, GATE))).toContain(degrees);
    expect(numbers(linkTo(app, GATE))).toContain("学校门口");
  }
});

test("AMap wants the longitude first, the others the latitude", () => {
  expect(numbers(linkTo("amap", GATE))).toMatch(/to=119\.89\d+,29\.44\d+,学校门口/);
  expect(numbers(linkTo("tencent", GATE))).toMatch(/tocoord=29\.44\d+,119\.89\d+/);
  expect(numbers(linkTo("baidu", GATE))).toMatch(/location=29\.44\d+,119\.89\d+/);
  expect(numbers(linkTo("apple", GATE))).toMatch(/daddr=29\.44\d+,119\.89\d+/);
});

test("outside China no map is shifted", () => {
  expect(numbers(linkTo("apple", { name: "Berlin", lat: 52.52, lon: 13.405 }))).toContain("daddr=52.52,13.405");
});

test("a name ends no link early", () => {
  for (const app of MAP_APPS) expect(() => new URL(linkTo(app, { ...GATE, name: 'a&b="c"#?)' }))).not.toThrow();
  expect(new URL(linkTo("tencent", { ...GATE, name: "a&to=b" })).searchParams.getAll("to")).toEqual(["a&to=b"]);
});

test("an iPhone has no map for geo, an Android phone none of Apple", () => {
  expect(appsOf("Mozilla/5.0 (iPhone; CPU iPhone OS 14_0 like Mac OS X)")).toEqual(["apple", "amap", "baidu", "tencent"]);
  expect(appsOf("Mozilla/5.0 (Linux; Android 8.0.0; WAS-AL00)")).toEqual(["phone", "amap", "baidu", "tencent"]);
});
