import { effect, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Client, Me, Unit } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import type { Boot } from "../lib/boot";
import { connect } from "../lib/connect";
import { byId } from "../lib/page";
import { startTicking } from "../lib/ticks";
import { canDrawMaps } from "../map/able";
import { mount } from "../parts/mount";
import { Failed } from "../parts/notice";
import { StatusLine } from "../parts/status";
import type { LiveMap } from "./livemap";
import { BoardView, TaskBoard } from "./tasks";
import { TreeView, UnitTree, type Spot } from "./tree";

type Panel = "map" | "units" | "tasks";

/** The command centre: the map, the formation and the tasks; on a phone one at a time. */
export class CommandCentre {
  readonly tree = new UnitTree(
    (spot) => this.#fly(spot),
    (units) => this.#showUnits(units),
  );
  readonly board = new TaskBoard(() => this.#client);
  readonly map = signal<LiveMap | null>(null);
  readonly panel = signal<Panel>("map");
  readonly #boot: Boot;
  readonly #client: Client;
  readonly #status = new StatusLine();
  #units: Unit[] = [];

  constructor(boot: Boot) {
    this.#boot = boot;
    let wasOpen = false;
    this.#client = connect("muster-console", {
      snapshot: () => undefined,
      event: (event) => event.type === "task.progressed" && this.board.progressed(event),
      map: (frame) => this.map.peek()?.take(frame),
      changed: (phase) => {
        this.#status.show(this.#client);
        if (phase === "open" && !wasOpen) this.map.peek()?.view();
        wasOpen = phase === "open";
      },
    });
  }

  async start(): Promise<void> {
    this.#status.show(this.#client);
    this.#client.start();
    startTicking();
    try {
      const me = await get<Me>("/me");
      mount(<CentreView centre={this} />, byId("app"));
      effect(() => void (byId("app").dataset.panel = this.panel.value));
      void this.tree.start(me.may_dispatch);
      void this.board.start((open) => this.map.peek()?.showTasks(open));
      await this.#startMap(me.may_dispatch[0]);
    } catch (reason) {
      mount(<Failed reason={reason} />, byId("app"));
    }
  }

  show(panel: Panel): void {
    this.panel.value = panel;
    this.map.peek()?.resize();
  }

  async #startMap(top: Unit | undefined): Promise<void> {
    // The map is large: the lists do not wait for it.
    const map = await this.#makeMap();
    this.map.value = map;
    const home = top && top.lon !== null && top.lat !== null && top.level > 0 ? { lon: top.lon, lat: top.lat, level: top.level } : null;
    await map.start({ assets: this.#boot.assets, styleUrl: this.#boot.mapStyleUrl }, home);
    map.showUnits(this.#units);
    map.showTasks(this.board.open.peek().map(({ task }) => task));
  }

  async #makeMap(): Promise<LiveMap> {
    if (canDrawMaps()) return new (await import("./mapview")).MapView(() => this.#client);
    return new (await import("./places")).PlaceList(() => this.#client);
  }

  #showUnits(units: Unit[]): void {
    this.#units = units;
    this.map.peek()?.showUnits(units);
  }

  #fly(spot: Spot): void {
    this.show("map");
    this.map.peek()?.fly(spot);
  }
}

interface ViewProps {
  centre: CommandCentre;
}

function CentreView({ centre }: ViewProps) {
  return (
    <>
      <PanelView name="units" title={t("formation")}>
        <div>
          <h2>{t("formation")}</h2>
          <TreeView tree={centre.tree} />
        </div>
      </PanelView>
      <div class="slot-map" id="panel-map">
        <MapSlot centre={centre} />
      </div>
      <PanelView name="tasks" title={t("open_tasks")}>
        <BoardView board={centre.board} />
      </PanelView>
      <Tabs centre={centre} />
    </>
  );
}

function MapSlot({ centre }: ViewProps) {
  const map = centre.map.value;
  return map && <map.View />;
}

function PanelView({ name, title, children }: { name: Panel; title: string; children: ComponentChildren }) {
  return (
    <section class={`panel panel-${name}`} id={`panel-${name}`} aria-label={title}>
      {children}
    </section>
  );
}

function Tabs({ centre }: ViewProps) {
  const tabs: [Panel, string][] = [
    ["map", t(canDrawMaps() ? "tab_map" : "tab_places")],
    ["units", t("tab_units")],
    ["tasks", t("tab_tasks")],
  ];
  return (
    <nav class="tabs" aria-label={t("panels")}>
      {tabs.map(([name, label]) => (
        <button
          key={name}
          id={`tab-${name}`}
          aria-controls={`panel-${name}`}
          aria-pressed={centre.panel.value === name}
          onClick={() => centre.show(name)}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
