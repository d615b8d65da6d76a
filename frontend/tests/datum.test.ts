import { expect, test } from "vitest";
import { gcj02ToWgs84, wgs84ToGcj02 } from "../src/lib/datum.mjs";

test("an outline goes through GCJ-02 and back within a millimetre", () => {
  const [lon, lat] = gcj02ToWgs84(...wgs84ToGcj02(119.9, 29.45));
  expect(Math.hypot(lon - 119.9, lat - 29.45)).toBeLessThan(1e-8);
  const [gcjLon, gcjLat] = wgs84ToGcj02(121.5272106, 31.1774276);
  expect([gcjLon, gcjLat]).toEqual([expect.closeTo(121.531541859215, 9), expect.closeTo(31.17530398364597, 9)]);
});
