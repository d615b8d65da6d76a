import { Marker } from "maplibre-gl";
import type { Place } from "muster-client";
import { t } from "../i18n";
import { makeMap } from "./base";
import { palette } from "./palette";

/** Moves the pin from outside, and takes the map away. */
export interface Pin {
  move(lon: number, lat: number): void;
  remove(): void;
}

/** Show a map on which a tap sets the place. */
export async function pickOnMap(
  container: HTMLElement,
  options: { assets: string; styleUrl: string },
  place: Place,
  picked: (lon: number, lat: number) => void,
): Promise<Pin> {
  const isSet = place.lon !== 0 || place.lat !== 0;
  const map = await makeMap({
    container,
    ...options,
    label: t("place_map_hint"),
    centre: isSet ? [place.lon, place.lat] : undefined,
    zoom: 11,
  });
  const marker = new Marker({ color: palette().task, draggable: true });
  if (isSet) marker.setLngLat([place.lon, place.lat]).addTo(map);
  map.on("click", ({ lngLat }) => picked(lngLat.lng, lngLat.lat));
  marker.on("dragend", () => picked(marker.getLngLat().lng, marker.getLngLat().lat));
  return {
    move: (lon, lat) => {
      marker.setLngLat([lon, lat]).addTo(map);
      map.easeTo({ center: [lon, lat] });
    },
    remove: () => map.remove(),
  };
}
