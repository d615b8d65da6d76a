import { wgs84ToGcj02 } from "./datum.mjs";

/** Where to go: WGS-84, and what people call it. */
export interface Goal {
  name: string;
  lat: number;
  lon: number;
}

export const MAP_APPS = ["phone", "apple", "amap", "baidu", "tencent"] as const;
export type MapApp = (typeof MAP_APPS)[number];

/** `phone` is what Android opens for `geo:`; iPhones have nothing for it, and other systems no Apple maps. */
export const appsOf = (userAgent: string): MapApp[] =>
  MAP_APPS.filter((app) => app !== (/iPhone|iPad|Macintosh/.test(userAgent) ? "phone" : "apple"));

/** Return the link that leads to a place: it opens the app, or its page where the app is missing. */
export function linkTo(app: MapApp, { name, lat, lon }: Goal): string {
  if (app === "phone") return `geo:${lat},${lon}?q=${lat},${lon}(${encodeURIComponent(name)})`;
  const [x, y] = asShownInChina(lon, lat);
  switch (app) {
    case "amap":
      return query("https://uri.amap.com/navigation", { to: `${x},${y},${name}`, mode: "car", src: "muster", callnative: "1" });
    case "baidu":
      return query("https://api.map.baidu.com/marker", {
        ...{ location: `${y},${x}`, title: name, content: name, coord_type: "gcj02" },
        ...{ output: "html", src: "muster" },
      });
    case "tencent":
      return query("https://apis.map.qq.com/uri/v1/routeplan", { type: "drive", to: name, tocoord: `${y},${x}`, referer: "muster" });
    case "apple":
      return query("https://maps.apple.com/", { daddr: `${y},${x}`, q: name });
  }
}

/** Maps of China are shifted: their coordinates are GCJ-02. Outside of it there is no shift. */
function asShownInChina(lon: number, lat: number): [number, number] {
  const isInChina = lon > 72.004 && lon < 137.8347 && lat > 0.8293 && lat < 55.8271;
  const [x, y] = isInChina ? wgs84ToGcj02(lon, lat) : [lon, lat];
  return [rounded(x), rounded(y)];
}

const rounded = (degrees: number): number => Number(degrees.toFixed(6));

const query = (address: string, fields: Record<string, string>): string => `${address}?${new URLSearchParams(fields)}`;
