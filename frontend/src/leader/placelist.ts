import type { Unit, UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { h, replace } from "../lib/dom";
import { unitName } from "../lib/units";

/** Offer the places of the units below, where the browser cannot draw a map to tap on. */
export async function pickFromList(slot: HTMLElement, own: Unit, picked: (unit: Unit) => void): Promise<void> {
  const below = await get<UnitCounts[]>(`/units/${own.number}/children`).catch(() => []);
  const placed = below.map(({ unit }) => unit).filter(({ lon, lat }) => lon !== null && lat !== null);
  replace(
    slot,
    h("p", { class: "hint" }, t(placed.length > 0 ? "place_list_hint" : "place_list_empty")),
    h("div", { class: "chips" }, placed.map((unit) => h("button", { class: "chip", onclick: () => picked(unit) }, unitName(unit)))),
  );
}
