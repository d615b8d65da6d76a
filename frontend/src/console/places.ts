import type { Client, MapCell, MapFrame, MapPerson, Task, Unit } from "muster-client";
import { t } from "../i18n";
import { h, replace } from "../lib/dom";
import { moment } from "../lib/time";
import { dashed, spaced, unitName } from "../lib/units";
import { Picture } from "../map/picture";
import type { LiveMap } from "./livemap";
import type { Spot } from "./tree";

/** How far around a unit people are listed, in degrees, and as if at which zoom of the map, by the unit's level. */
const AROUND = [3, 1.5, 0.7, 0.2, 0.08];
const ZOOM = [7, 8.5, 10, 12.5, 14.5];
const MIDDLE: Spot = { lon: 120.4, lat: 29.1, level: 0 };
const DRAW_MS = 1_000;
const MOST_SHOWN = 100;

/** A list of places in the map's stead, where the browser cannot draw one: what runs, who is where, the units that are open. */
export class PlaceList implements LiveMap {
  readonly element = h("section", { class: "place-list", "aria-label": t("places_label") });
  readonly #client: () => Client;
  readonly #picture = new Picture();
  #spot = MIDDLE;
  #tasks: Task[] = [];
  #units: Unit[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(client: () => Client) {
    this.#client = client;
  }

  async start(_: object, home: Spot | null): Promise<void> {
    this.#spot = home ?? MIDDLE;
    this.#draw();
    this.view();
  }

  view(): void {
    if (this.#client().phase !== "open") return;
    const { lon, lat, level } = this.#spot;
    const around = AROUND[level] ?? 0.2;
    const bbox = [lon - around, lat - around, lon + around, lat + around];
    this.#client().ask("map.view", { bbox, zoom: ZOOM[level] ?? 12 }).catch(() => undefined);
  }

  take(frame: MapFrame): void {
    this.#picture.take(frame);
    this.#drawSoon();
  }

  showTasks(tasks: Task[]): void {
    this.#tasks = tasks;
    this.#drawSoon();
  }

  showUnits(units: Unit[]): void {
    this.#units = units;
    this.#drawSoon();
  }

  fly(spot: Spot): void {
    this.#spot = spot;
    this.view();
  }

  resize(): void {}

  #drawSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#draw();
    }, DRAW_MS);
  }

  #draw(): void {
    const { n, live } = this.#picture.count();
    this.element.dataset.people = String(n);
    replace(
      this.element,
      h("p", { class: "notice" }, t("places_hint")),
      section(t("open_tasks"), this.#tasks.map((task) => place(task.title, task.place.name, task.place))),
      section(t("people"), [...this.#picture.people].map(person).concat([...this.#picture.cells.values()].map(cell)), t("places_summary", { n, live }), n),
      section(t("tab_units"), this.#units.flatMap(unit)),
    );
  }
}

function section(title: string, lines: HTMLElement[], hint = "", count = lines.length): HTMLElement {
  const shown = lines.slice(0, MOST_SHOWN);
  const rest = lines.length - shown.length;
  return h(
    "section",
    {},
    h("h2", {}, title, h("span", { class: "count" }, String(count))),
    hint && h("p", { class: "hint", role: "status", "aria-live": "off" }, hint),
    h("ul", {}, shown),
    rest > 0 && h("p", { class: "hint" }, t("places_more", { n: rest })),
  );
}

function person([number, { age, at, lon, lat }]: [string, MapPerson]): HTMLElement {
  return place(spaced(number), `${t(`age_${age}`)} · ${moment(at)}`, { lon, lat });
}

function cell({ n, live, lon, lat }: MapCell): HTMLElement {
  return place(t("places_summary", { n, live }), "", { lon, lat });
}

function unit(one: Unit): HTMLElement[] {
  const { lon, lat, number } = one;
  return lon === null || lat === null ? [] : [place(unitName(one), dashed(number), { lon, lat })];
}

/** Its link opens the app for maps that the device has. */
function place(title: string, hint: string, { lon, lat }: { lon: number; lat: number }): HTMLElement {
  const where = `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
  const link = h("a", { class: "button", href: `geo:${lat},${lon}?q=${lat},${lon}`, "aria-label": `${title}: ${where}` }, where);
  return h("li", {}, h("span", {}, h("strong", {}, title), h("span", { class: "hint" }, hint)), link);
}
