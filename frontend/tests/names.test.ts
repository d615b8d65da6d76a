import { expect, test } from "vitest";
import { namedOnMap } from "../src/map/names";

const unit = (name: string, level: number, lon: number | null, lat: number | null) => ({ name, level, lon, lat });

test("a town has a name on the map where it is known to lie, and else none", () => {
  const units = [
    unit("Puyang", 3, 119.88872, 29.45679),
    unit("Xianhua", 3, null, null),
    unit("A village", 4, null, null),
  ];

  expect(namedOnMap(units).map(({ name, lon, lat }) => [name, lon, lat])).toEqual([["Puyang", 119.88872, 29.45679]]);
});

test("counties are named by the base map alone", () => {
  expect(namedOnMap([unit("Pujiang", 2, 119.9, 29.5)])).toEqual([]);
});
