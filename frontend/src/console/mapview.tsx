import { batch, signal } from "@preact/signals";
import type { Client, MapFrame, Task, Unit } from "muster-client";
import { t } from "../i18n";
import { announce } from "../lib/announce";
import { LiveLayers } from "../map/live";
import { makeMap, type LibreMap } from "../map/base";
import { Picture } from "../map/picture";
import { Legend } from "./legend";
import type { LiveMap } from "./livemap";
import type { Spot } from "./tree";

const ZOOM_OF_LEVEL = [7, 8.5, 10, 12.5, 14.5];
const MOVE_MS = 250;

/** The live map: tells the server what it shows, and draws what comes back. */
export class MapView implements LiveMap {
  /** How many people the picture has, how many of them live, and how many marks are drawn of them. */
  readonly #people = signal<number | undefined>(undefined);
  readonly #live = signal<number | undefined>(undefined);
  readonly #drawn = signal<number | undefined>(undefined);
  readonly #hasFailed = signal(false);
  readonly #container: Promise<HTMLElement>;
  #mounted!: (container: HTMLElement) => void;
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
    this.#container = new Promise((resolve) => (this.#mounted = resolve));
  }

  readonly View = () => (
    <section class="map-panel" aria-label={t("map_label")} data-people={this.#people} data-live={this.#live} data-drawn={this.#drawn}>
      <div class="map" ref={(container) => void (container && this.#mounted(container))}>
        {this.#hasFailed.value && (
          <p class="notice bad" role="alert">
            {t("map_failed")}
          </p>
        )}
      </div>
      <p class="map-summary" role="status" aria-live="off">
        {this.#people.value !== undefined && t("map_summary", { n: this.#people.value, live: this.#live.value ?? 0 })}
      </p>
      <Legend />
    </section>
  );

  async start(options: { assets: string; styleUrl: string }, home: Spot | null): Promise<void> {
    try {
      this.#map = await makeMap({
        container: await this.#container,
        ...options,
        label: t("map_label"),
        centre: home ? [home.lon, home.lat] : undefined,
        zoom: ZOOM_OF_LEVEL[home?.level ?? 0] ?? 7,
        onFallback: () => announce(t("map_base_failed")),
      });
    } catch {
      this.#hasFailed.value = true;
      return;
    }
    this.#layers = new LiveLayers(this.#map);
    this.#map.on("moveend", () => this.#viewSoon());
    this.#map.on("idle", () => (this.#drawn.value = this.#layers?.drawn() ?? 0));
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
    batch(() => {
      this.#people.value = n;
      this.#live.value = live;
    });
  }
}
