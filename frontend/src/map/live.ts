import { Popup, type ExpressionSpecification, type GeoJSONSource, type Map as LibreMap, type MapLayerMouseEvent } from "maplibre-gl";
import { render } from "preact";
import type { Age, Task, Unit } from "muster-client";
import { unitName } from "../lib/units";
import { addMarks } from "./marks";
import { namedOnMap } from "./names";
import { palette } from "./palette";
import type { Picture } from "./picture";
import { PersonPopup } from "./popup";
import { FONT } from "./style";

const BRIGADE = 3;
const OVER_ALL = { "text-allow-overlap": true, "text-ignore-placement": true };
const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Draws people, cells and open tasks on a map. */
export class LiveLayers {
  readonly #map: LibreMap;

  constructor(map: LibreMap) {
    this.#map = map;
    const colours = palette();
    addMarks(map, colours);
    for (const id of ["units", "people", "tasks"]) map.addSource(id, { type: "geojson", data: NOTHING });
    // Cells whose circles would lie on each other are drawn as one.
    map.addSource("cells", {
      type: "geojson",
      data: NOTHING,
      cluster: true,
      clusterRadius: 46,
      clusterMinPoints: 2,
      clusterProperties: { n: ["+", ["get", "n"]], live: ["+", ["get", "live"]] },
    });
    this.#addUnits();
    this.#addCells();
    this.#addPeople();
    this.#addTasks();
    map.on("click", "cells", (event) => this.#zoomIn(event));
    map.on("click", "people", (event) => this.#tell(event));
    for (const layer of ["cells", "people"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
  }

  show(picture: Picture): void {
    this.#put(
      "cells",
      [...picture.cells].map(([id, { lon, lat, n, live }]) => point(lon, lat, { id, n, live })),
    );
    this.#put(
      "people",
      [...picture.people].map(([number, p]) =>
        point(p.lon, p.lat, { number, age: p.age, at: p.at, acc: p.acc_m ?? -1 }),
      ),
    );
  }

  /** Name the towns and villages that have been opened in the tree; the base map knows counties only. */
  showUnits(units: Unit[]): void {
    this.#put(
      "units",
      namedOnMap(units).map((unit) => point(unit.lon, unit.lat, { name: unitName(unit), level: unit.level })),
    );
  }

  showTasks(tasks: Task[]): void {
    this.#put(
      "tasks",
      tasks.map((task) => point(task.place.lon, task.place.lat, { title: task.title, status: task.status })),
    );
  }

  /** How many marks of people are on the screen now. */
  drawn(): number {
    return this.#map.queryRenderedFeatures({ layers: ["cells", "people"] }).length;
  }

  #put(id: string, features: GeoJSON.Feature[]): void {
    void this.#map.getSource<GeoJSONSource>(id)?.setData({ type: "FeatureCollection", features });
  }

  #addCells(): void {
    const colours = palette();
    const share: ExpressionSpecification = ["/", ["get", "live"], ["get", "n"]];
    this.#map.addLayer({
      id: "cells",
      type: "circle",
      source: "cells",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "n"]], 1, 14, 10, 24, 50, 36],
        // At least half of them live, some of them, none.
        "circle-color": ["step", share, colours.expired, 0.001, colours.stale, 0.5, colours.live],
        "circle-stroke-color": colours.onMark,
        "circle-stroke-width": 2,
        "circle-opacity": 0.92,
      },
    });
    this.#map.addLayer({
      id: "cell-counts",
      type: "symbol",
      source: "cells",
      layout: { "text-field": ["to-string", ["get", "n"]], "text-font": FONT, "text-size": 14, ...OVER_ALL },
      paint: { "text-color": colours.onMark },
    });
  }

  #addUnits(): void {
    const colours = palette();
    this.#map.addLayer({
      id: "unit-names",
      type: "symbol",
      source: "units",
      minzoom: 9.5,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["case", ["==", ["get", "level"], BRIGADE], 13, 12],
        "symbol-sort-key": ["get", "level"],
      },
      paint: { "text-color": colours.name, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
    });
  }

  #addPeople(): void {
    this.#map.addLayer({
      id: "people",
      type: "symbol",
      source: "people",
      layout: { "icon-image": ["get", "age"], "icon-allow-overlap": true, "icon-ignore-placement": true },
    });
  }

  #addTasks(): void {
    const colours = palette();
    this.#map.addLayer({
      id: "tasks",
      type: "symbol",
      source: "tasks",
      layout: {
        "icon-image": "task",
        "icon-allow-overlap": true,
        "text-field": ["get", "title"],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "top",
        "text-offset": [0, 1],
        "text-optional": true,
      },
      paint: { "text-color": colours.task, "text-halo-color": colours.halo, "text-halo-width": 2 },
    });
  }

  #zoomIn(event: MapLayerMouseEvent): void {
    this.#map.easeTo({ center: event.lngLat, zoom: Math.min(this.#map.getZoom() + 2, 13) });
  }

  #tell(event: MapLayerMouseEvent): void {
    const { number, age, at, acc } = event.features?.[0]?.properties ?? {};
    const popup = document.createElement("div");
    popup.className = "popup";
    render(PersonPopup({ number: String(number), age: age as Age, at: String(at), accuracy: Number(acc) }), popup);
    new Popup({ closeButton: true, maxWidth: "240px" })
      .setLngLat(event.lngLat)
      .setDOMContent(popup)
      .addTo(this.#map);
  }
}

function point(lon: number, lat: number, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}
