const BRIGADE = 3;

interface Placed {
  level: number;
  lon: number | null;
  lat: number | null;
}

/** Return the units whose names the map shows: the base map knows counties only, and of many a unit no place is known. */
export function namedOnMap<U extends Placed>(units: U[]): (U & { lon: number; lat: number })[] {
  return units.filter(
    (unit): unit is U & { lon: number; lat: number } => unit.level >= BRIGADE && unit.lon !== null && unit.lat !== null,
  );
}
