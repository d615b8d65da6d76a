import type { Client, MapFrame, Task, Unit } from "muster-client";
import { t } from "../i18n";
import { announce, h, setText } from "../lib/dom";
import { LiveLayers } from "../map/live";
import { makeMap, type LibreMap } from "../map/base";
import { Picture } from "../map/picture";
import { legend } from "./legend";
import type { LiveMap } from "./livemap";
import type { Spot } from "./tree";

const ZOOM_OF_LEVEL = [7, 8.5, 10, 12.5, 14.5];
const MOVE_MS = 250;

/** The live map: tells the server what it shows, and draws what comes back. */
export class MapView implements LiveMap {
  readonly element = h("section", { class: "map-panel", "aria-label": t("map_label") });
  readonly #summary = h("p", { class: "map-summary", role: "status", "aria-live": "off" });
  readonly #picture = new Picture();
  readonly #client: () => Client;
  #map: LibreMap | null = null;
  #layers: LiveLayers | null = null;
  #tasks: Task[] = [];
  #units: Unit[] = [];
  #moved: ReturnType<typeof setTimeout> | undefined;
  #drawing = 0;

  constructor(client: () => Client) {
    this.#client = client;
  }

  async start(options: { assets: string; styleUrl: string }, home: Spot | null): Promise<void> {
    const container = h("div", { class: "map" });
    this.element.replaceChildren(container, this.#summary, legend());
    try {
      this.#map = await makeMap({
        container,
        ...options,
        label: t("map_label"),
        centre: home ? [home.lon, home.lat] : undefined,
        zoom: ZOOM_OF_LEVEL[home?.level ?? 0] ?? 7,
        onFallback: () => announce(t("map_base_failed")),
      });
    } catch {
      container.replaceChildren(h("p", { class: "notice bad", role: "alert" }, t("map_failed")));
      return;
    }
    this.#layers = new LiveLayers(this.#map);
    this.#map.on("moveend", () => this.#viewSoon());
    this.#map.on("idle", () => (this.element.dataset.drawn = String(this.#layers?.drawn() ?? 0)));
    this.showTasks(this.#tasks);
    this.showUnits(this.#units);
    this.view();
  }

  /** Say what the map shows; the next frame is a full one. */
  view(): void {
    if (!this.#map || this.#client().phase !== "open") return;
    const bounds = this.#map.getBounds();
    const bbox = [
      Math.max(-180, bounds.getWest()),
      Math.max(-90, bounds.getSouth()),
      Math.min(180, bounds.getEast()),
      Math.min(90, bounds.getNorth()),
    ];
    this.#client().ask("map.view", { bbox, zoom: this.#map.getZoom() }).catch(() => undefined);
  }

  take(frame: MapFrame): void {
    this.#picture.take(frame);
    cancelAnimationFrame(this.#drawing);
    this.#drawing = requestAnimationFrame(() => this.#draw());
  }

  showTasks(tasks: Task[]): void {
    this.#tasks = tasks;
    this.#layers?.showTasks(tasks);
  }

  showUnits(units: Unit[]): void {
    this.#units = units;
    this.#layers?.showUnits(units);
  }

  fly({ lon, lat, level }: Spot): void {
    const target = { center: [lon, lat] as [number, number], zoom: ZOOM_OF_LEVEL[level] ?? 12 };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#map?.jumpTo(target);
    else this.#map?.flyTo({ ...target, maxDuration: 1_500 });
  }

  /** The panel was hidden and is shown again. */
  resize(): void {
    this.#map?.resize();
  }

  #viewSoon(): void {
    clearTimeout(this.#moved);
    this.#moved = setTimeout(() => this.view(), MOVE_MS);
  }

  #draw(): void {
    this.#layers?.show(this.#picture);
    const { n, live } = this.#picture.count();
    setText(this.#summary, t("map_summary", { n, live }));
    this.element.dataset.people = String(n);
    this.element.dataset.live = String(live);
  }
}
