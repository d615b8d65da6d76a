import type { Unit } from "muster-client";
import { t } from "../i18n";
import { h, setText } from "../lib/dom";
import { unitName } from "../lib/units";
import { canDrawMaps } from "../map/able";
import { hasPlace, placeOf, type Draft } from "./draft";
import type { FormOptions } from "./form";

/** Choose the place: the unit's, one's own position, or a point on the map. Always WGS-84. */
export function placeField(draft: Draft, own: Unit, options: Pick<FormOptions, "assets" | "styleUrl">): HTMLElement {
  const name = h("input", { id: "place-name", maxlength: 120, value: draft.place.name, "aria-label": t("place_name") });
  name.oninput = () => (draft.place = { ...draft.place, name: name.value });
  const told = h("p", { class: "hint", "aria-live": "polite" });
  const slot = h("div", { class: "place-map", hidden: true });
  if (!canDrawMaps()) slot.className = "place-choices";
  let pin: ((lon: number, lat: number) => void) | null = null;

  const tell = () =>
    setText(told, hasPlace(draft.place) ? t("place_set", { lat: digits(draft.place.lat), lon: digits(draft.place.lon) }) : t(canDrawMaps() ? "place_map_hint" : "place_unset"));
  const set = (lon: number, lat: number) => {
    draft.place = { ...draft.place, lon, lat, datum: "wgs84" };
    pin?.(lon, lat);
    tell();
  };

  const take = (unit: Unit) => {
    draft.place = placeOf(unit);
    name.value = unitName(unit);
    pin?.(draft.place.lon, draft.place.lat);
    tell();
  };
  const onMap = async () => {
    slot.hidden = false;
    if (slot.childElementCount > 0) return;
    if (!canDrawMaps()) return (await import("./placelist")).pickFromList(slot, own, take);
    try {
      const { pickOnMap } = await import("../map/pick");
      pin = await pickOnMap(slot, options, draft.place, set);
    } catch {
      setText(slot, t("map_failed"));
    }
  };
  const here = () => {
    setText(told, t("place_finding"));
    if (!("geolocation" in navigator)) return setText(told, t("place_failed"));
    // The Geolocation API of browsers is defined as WGS-84.
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => set(coords.longitude, coords.latitude),
      () => setText(told, t("place_failed")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  };
  tell();
  return h(
    "div",
    { class: "place" },
    h(
      "div",
      { class: "chips" },
      own.lon !== null && h("button", { class: "chip", onclick: () => take(own) }, t("place_own")),
      h("button", { class: "chip", onclick: here }, t("place_here")),
      h("button", { class: "chip", id: "place-on-map", onclick: () => void onMap() }, t(canDrawMaps() ? "place_map" : "place_list")),
    ),
    name,
    told,
    slot,
  );
}

const digits = (value: number) => value.toFixed(4);
