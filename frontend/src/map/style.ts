import type { StyleSpecification } from "maplibre-gl";
import type { Palette } from "./palette";

export const FONT = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "sans-serif"];

/** The base map that needs no internet: county outlines and place names. Labels are drawn with local fonts. */
export function outlineStyle(assets: string, colours: Palette): StyleSpecification {
  return {
    version: 8,
    sources: {
      counties: { type: "geojson", data: `${assets}map/counties.json` },
      names: { type: "geojson", data: `${assets}map/names.json` },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colours.sea } },
      { id: "land", type: "fill", source: "counties", paint: { "fill-color": colours.land } },
      {
        id: "borders",
        type: "line",
        source: "counties",
        paint: { "line-color": colours.border, "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.6, 12, 2] },
      },
      nameLayer("city-names", "city", 5, 9, 14, colours),
      nameLayer("county-names", "county", 8, 15, 12, colours),
    ],
  };
}

/** A base map from one PMTiles archive with the layers of the Protomaps scheme, or of pictures. */
export function archiveStyle(url: string, isPicture: boolean, colours: Palette): StyleSpecification {
  if (isPicture) {
    return {
      version: 8,
      sources: { base: { type: "raster", url, tileSize: 256 } },
      layers: [{ id: "base", type: "raster", source: "base" }],
    };
  }
  const line = (id: string, layer: string, color: string, widths: [number, number]) => ({
    id,
    type: "line" as const,
    source: "base",
    "source-layer": layer,
    paint: { "line-color": color, "line-width": ["interpolate", ["linear"], ["zoom"], 6, widths[0], 15, widths[1]] as never },
  });
  const fill = (id: string, layer: string, color: string) => ({
    id,
    type: "fill" as const,
    source: "base",
    "source-layer": layer,
    paint: { "fill-color": color },
  });
  return {
    version: 8,
    sources: { base: { type: "vector", url } },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colours.sea } },
      fill("land", "earth", colours.land),
      fill("water", "water", colours.water),
      line("roads", "roads", colours.road, [0.5, 6]),
      line("borders", "boundaries", colours.border, [0.8, 2]),
      {
        id: "places",
        type: "symbol",
        source: "base",
        "source-layer": "places",
        layout: { "text-field": ["coalesce", ["get", "name:zh-Hans"], ["get", "name"]], "text-font": FONT, "text-size": 13 },
        paint: { "text-color": colours.name, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
      },
    ],
  };
}

function nameLayer(id: string, level: string, from: number, to: number, size: number, colours: Palette) {
  return {
    id,
    type: "symbol" as const,
    source: "names",
    minzoom: from,
    maxzoom: to,
    filter: ["==", ["get", "level"], level] as never,
    layout: { "text-field": ["get", "name"] as never, "text-font": FONT, "text-size": size },
    paint: { "text-color": colours.name, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
  };
}
