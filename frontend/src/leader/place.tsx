import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Unit } from "muster-client";
import { t } from "../i18n";
import { canDrawMaps } from "../map/able";
import type { Pin } from "../map/pick";
import { hasPlace, placeOf } from "./draft";
import type { CallOutForm } from "./form";
import type { PlaceChoices } from "./placelist";

/** Choose the place: the unit's, one's own position, or a point on the map. Always WGS-84. */
export function PlaceField({ form }: { form: CallOutForm }) {
  const { place } = form.draft.value;
  const own = form.own.value;
  const { said, pin, set, take, here } = usePlace(form);
  const isOpen = useSignal(false);
  const nowhere = () => t(canDrawMaps() ? "place_map_hint" : "place_unset");
  const told = hasPlace(place) ? t("place_set", { lat: digits(place.lat), lon: digits(place.lon) }) : nowhere();
  return (
    <div class="place">
      <div class="chips">
        {own.lon !== null && (
          <button class="chip" onClick={() => take(own)}>
            {t("place_own")}
          </button>
        )}
        <button class="chip" onClick={here}>
          {t("place_here")}
        </button>
        <button class="chip" id="place-on-map" onClick={() => (isOpen.value = true)}>
          {t(canDrawMaps() ? "place_map" : "place_list")}
        </button>
      </div>
      <input
        id="place-name"
        maxLength={120}
        value={place.name}
        aria-label={t("place_name")}
        onInput={(event) => form.edit({ place: { ...place, name: event.currentTarget.value } })}
      />
      <p class="hint" aria-live="polite">
        {said.value || told}
      </p>
      {isOpen.value && (canDrawMaps() ? <PlaceMap form={form} pin={pin} picked={set} /> : <Places own={own} picked={take} />)}
    </div>
  );
}

/** The ways to a place; `said` stands in the place's stead: that it is looked for, or that this failed. */
function usePlace(form: CallOutForm) {
  const said = useSignal("");
  const pin = useRef<Pin | null>(null);
  const set = (lon: number, lat: number) => {
    form.edit({ place: { ...form.draft.peek().place, lon, lat, datum: "wgs84" } });
    pin.current?.move(lon, lat);
    said.value = "";
  };
  const take = (unit: Unit) => {
    const taken = placeOf(unit);
    form.edit({ place: taken });
    pin.current?.move(taken.lon, taken.lat);
    said.value = "";
  };
  const here = () => {
    said.value = t("place_finding");
    if (!("geolocation" in navigator)) return void (said.value = t("place_failed"));
    // The Geolocation API of browsers is defined as WGS-84.
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => set(coords.longitude, coords.latitude),
      () => (said.value = t("place_failed")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  };
  return { said, pin, set, take, here };
}

interface MapProps {
  form: CallOutForm;
  pin: { current: Pin | null };
  picked(lon: number, lat: number): void;
}

/** The map is large: it is loaded when it is asked for. */
function PlaceMap({ form, pin, picked }: MapProps) {
  const slot = useRef<HTMLDivElement>(null);
  const hasFailed = useSignal(false);
  useEffect(() => {
    let isGone = false;
    const draw = async () => {
      const { pickOnMap } = await import("../map/pick");
      const made = await pickOnMap(slot.current!, form.options, form.draft.peek().place, picked);
      if (isGone) made.remove();
      else pin.current = made;
    };
    draw().catch(() => (hasFailed.value = true));
    return () => {
      isGone = true;
      pin.current?.remove();
      pin.current = null;
    };
  }, []);
  if (hasFailed.value) return <div class="place-map">{t("map_failed")}</div>;
  return <div class="place-map" ref={slot} />;
}

interface PlacesProps {
  own: Unit;
  picked(unit: Unit): void;
}

function Places({ own, picked }: PlacesProps) {
  const List = useSignal<ComponentType<Parameters<typeof PlaceChoices>[0]> | null>(null);
  useEffect(() => void import("./placelist").then(({ PlaceChoices }) => (List.value = PlaceChoices)).catch(() => undefined), []);
  return <div class="place-choices">{List.value && <List.value own={own} picked={picked} />}</div>;
}

const digits = (value: number) => value.toFixed(4);
