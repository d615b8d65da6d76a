import type { Client, Me, Unit } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import type { Boot } from "../lib/boot";
import { connect } from "../lib/connect";
import { byId, h, replace } from "../lib/dom";
import { problemText } from "../lib/problems";
import { StatusLine } from "../lib/status";
import { canDrawMaps } from "../map/able";
import type { LiveMap } from "./livemap";
import { TaskBoard } from "./tasks";
import { UnitTree, type Spot } from "./tree";

type Panel = "map" | "units" | "tasks";

/** The command centre: the map, the formation and the tasks; on a phone one at a time. */
export class CommandCentre {
  readonly #boot: Boot;
  readonly #client: Client;
  readonly #status = new StatusLine();
  readonly #tree = new UnitTree(
    (spot) => this.#fly(spot),
    (units) => this.#showUnits(units),
  );
  readonly #board: TaskBoard;
  readonly #mapSlot = h("div", { class: "slot-map", id: "panel-map" });
  #map: LiveMap | null = null;
  #units: Unit[] = [];

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#board = new TaskBoard(
      () => this.#client,
      (open) => this.#map?.showTasks(open),
    );
    let wasOpen = false;
    this.#client = connect("muster-console", {
      snapshot: () => undefined,
      event: (event) => event.type === "task.progressed" && this.#board.progressed(event),
      map: (frame) => this.#map?.take(frame),
      changed: (phase) => {
        this.#status.show(this.#client);
        if (phase === "open" && !wasOpen) this.#map?.view();
        wasOpen = phase === "open";
      },
    });
  }

  async start(): Promise<void> {
    this.#status.show(this.#client);
    this.#client.start();
    try {
      const me = await get<Me>("/me");
      this.#layOut();
      void this.#tree.start(me.may_dispatch);
      void this.#board.start();
      await this.#startMap(me.may_dispatch[0]);
    } catch (reason) {
      const again = h("button", { onclick: () => location.reload() }, t("try_again"));
      replace(byId("app"), h("p", { class: "notice bad", role: "alert" }, problemText(reason)), again);
    }
  }

  #layOut(): void {
    const panel = (name: Panel, title: string, content: HTMLElement) =>
      h("section", { class: `panel panel-${name}`, id: `panel-${name}`, "aria-label": title }, content);
    replace(
      byId("app"),
      panel("units", t("formation"), h("div", {}, h("h2", {}, t("formation")), this.#tree.element)),
      this.#mapSlot,
      panel("tasks", t("open_tasks"), this.#board.element),
      this.#tabs(),
    );
    this.#show("map");
  }

  #tabs(): HTMLElement {
    const tab = (name: Panel, label: string) =>
      h("button", { id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => this.#show(name) }, label);
    return h(
      "nav",
      { class: "tabs", "aria-label": t("panels") },
      tab("map", t(canDrawMaps() ? "tab_map" : "tab_places")),
      tab("units", t("tab_units")),
      tab("tasks", t("tab_tasks")),
    );
  }

  #show(name: Panel): void {
    byId("app").dataset.panel = name;
    for (const button of byId("app").querySelectorAll(".tabs button")) {
      button.setAttribute("aria-pressed", String(button.id === `tab-${name}`));
    }
    this.#map?.resize();
  }

  async #startMap(top: Unit | undefined): Promise<void> {
    // The map is large: the lists do not wait for it.
    this.#map = await this.#makeMap();
    this.#mapSlot.replaceChildren(this.#map.element);
    const home = top && top.lon !== null && top.lat !== null && top.level > 0 ? { lon: top.lon, lat: top.lat, level: top.level } : null;
    await this.#map.start({ assets: this.#boot.assets, styleUrl: this.#boot.mapStyleUrl }, home);
    this.#map.showUnits(this.#units);
    void this.#board.refresh();
  }

  async #makeMap(): Promise<LiveMap> {
    if (canDrawMaps()) return new (await import("./mapview")).MapView(() => this.#client);
    return new (await import("./places")).PlaceList(() => this.#client);
  }

  #showUnits(units: Unit[]): void {
    this.#units = units;
    this.#map?.showUnits(units);
  }

  #fly(spot: Spot): void {
    this.#show("map");
    this.#map?.fly(spot);
  }
}
