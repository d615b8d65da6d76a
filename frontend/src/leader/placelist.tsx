import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Unit, UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { unitName } from "../lib/units";

/** Offers the places of the units below, where the browser cannot draw a map to tap on. */
export function PlaceChoices({ own, picked }: { own: Unit; picked(unit: Unit): void }) {
  const placed = useSignal<Unit[] | null>(null);
  useEffect(() => {
    const read = async () => {
      const below = await get<UnitCounts[]>(`/units/${own.number}/children`).catch(() => []);
      placed.value = below.map(({ unit }) => unit).filter(({ lon, lat }) => lon !== null && lat !== null);
    };
    void read();
  }, [own.number]);
  if (!placed.value) return null;
  return (
    <>
      <p class="hint">{t(placed.value.length > 0 ? "place_list_hint" : "place_list_empty")}</p>
      <div class="chips">
        {placed.value.map((unit) => (
          <button key={unit.number} class="chip" onClick={() => picked(unit)}>
            {unitName(unit)}
          </button>
        ))}
      </div>
    </>
  );
}
