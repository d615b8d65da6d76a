import "./oldest";
import { AttributionControl, Map as LibreMap, NavigationControl, addProtocol, setWorkerUrl } from "maplibre-gl";
import type { StyleSpecification } from "maplibre-gl";
import { endAfter } from "muster-client";
import "maplibre-gl/dist/maplibre-gl.css";
import { PMTiles, Protocol, TileType } from "pmtiles";
import { t } from "../i18n";
import { palette } from "./palette";
import workerUrl from "./worker?worker&url";
import { archiveStyle, outlineStyle } from "./style";

setWorkerUrl(workerUrl);

export const ZHEJIANG: [number, number, number, number] = [118.0, 27.0, 122.9, 31.2];
const STYLE_WAIT_MS = 12_000;

export interface BaseOptions {
  container: HTMLElement;
  assets: string;
  styleUrl: string;
  label: string;
  centre?: [number, number] | undefined;
  zoom?: number;
  /** Told when the operator's base map cannot be had and outlines are shown in its place. */
  onFallback?(): void;
}

/** Make a map on the operator's base map, or on the county outlines when there is none or it cannot be loaded. */
export async function makeMap(options: BaseOptions): Promise<LibreMap> {
  const outlines = outlineStyle(options.assets, palette());
  const style = options.styleUrl ? await operatorStyle(options.styleUrl).catch(() => null) : outlines;
  if (!style) options.onFallback?.();
  const map = new LibreMap({
    container: options.container,
    style: style ?? outlines,
    ...(options.centre ? { center: options.centre, zoom: options.zoom ?? 12 } : { bounds: ZHEJIANG }),
    fitBoundsOptions: { padding: 16 },
    attributionControl: false,
    locale: {
      "AttributionControl.ToggleAttribution": t("about_map"),
      "Map.Title": options.label,
      "Marker.Title": t("place"),
      "NavigationControl.ZoomIn": t("zoom_in"),
      "NavigationControl.ZoomOut": t("zoom_out"),
      "Popup.Close": t("close"),
    },
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 19,
    minZoom: 4,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  if (options.styleUrl) map.addControl(new AttributionControl({ compact: true }), "bottom-left");
  map.getCanvas().setAttribute("aria-label", options.label);
  await new Promise((resolve) => map.once("load", resolve));
  return map;
}

async function operatorStyle(url: string): Promise<StyleSpecification> {
  const protocol = new Protocol();
  addProtocol("pmtiles", protocol.tile);
  if (url.startsWith("pmtiles://")) {
    const archive = new PMTiles(url.slice("pmtiles://".length));
    protocol.add(archive);
    const { tileType } = await archive.getHeader();
    return archiveStyle(url, tileType !== TileType.Mvt, palette());
  }
  const late = endAfter(STYLE_WAIT_MS);
  try {
    const response = await fetch(url, { signal: late.signal });
    if (!response.ok) throw new Error(`style: ${response.status}`);
    return (await response.json()) as StyleSpecification;
  } finally {
    late.done();
  }
}

export type { LibreMap };
