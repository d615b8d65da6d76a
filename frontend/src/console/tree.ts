import type { Unit, UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { h, replace } from "../lib/dom";
import { dashed, kindName, unitName } from "../lib/units";

const REFRESH_MS = 5_000;

export interface Spot {
  lon: number;
  lat: number;
  level: number;
}

/** The formation as a tree: branches are read when opened, and the open ones stay up to date. */
export class UnitTree {
  readonly element = h("ul", { class: "tree" });
  readonly #counts = new Map<string, UnitCounts>();
  readonly #children = new Map<string, string[]>();
  readonly #open = new Set<string>();
  readonly #fly: (spot: Spot) => void;
  readonly #known: (units: Unit[]) => void;
  #roots: string[] = [];

  constructor(fly: (spot: Spot) => void, known: (units: Unit[]) => void) {
    this.#fly = fly;
    this.#known = known;
  }

  async start(roots: Unit[]): Promise<void> {
    this.#roots = roots.map((unit) => unit.number);
    for (const unit of roots) this.#counts.set(unit.number, { unit, members: 0, on_duty: 0, unreachable: 0, children: 1 });
    const [first] = this.#roots;
    if (first && this.#roots.length === 1) this.#open.add(first);
    setInterval(() => document.visibilityState === "visible" && void this.refresh(), REFRESH_MS);
    await this.refresh();
  }

  /** Read again what is on the screen. */
  async refresh(): Promise<void> {
    const branches = [...this.#open].filter((number) => this.#isShown(number));
    await Promise.all([
      ...this.#roots.map(async (number) => this.#took([await get<UnitCounts>(`/units/${number}`)])),
      ...branches.map((number) => this.#readBranch(number)),
    ]).catch(() => undefined);
    this.#draw();
  }

  async #readBranch(number: string): Promise<void> {
    const children = await get<UnitCounts[]>(`/units/${number}/children`);
    this.#took(children);
    const isNew = !this.#children.has(number);
    this.#children.set(number, children.map((child) => child.unit.number));
    if (isNew) this.#known([...this.#counts.values()].map(({ unit }) => unit));
  }

  #took(counts: UnitCounts[]): void {
    for (const count of counts) this.#counts.set(count.unit.number, count);
  }

  #isShown(number: string): boolean {
    if (this.#roots.includes(number)) return true;
    const parent = this.#counts.get(number)?.unit.parent;
    return !!parent && this.#open.has(parent) && this.#isShown(parent);
  }

  async #toggle(number: string): Promise<void> {
    if (this.#open.delete(number)) return this.#draw();
    this.#open.add(number);
    this.#draw();
    await this.#readBranch(number).catch(() => this.#open.delete(number));
    this.#draw();
  }

  #draw(): void {
    replace(this.element, ...this.#roots.map((number) => this.#node(number, null)));
  }

  #node(number: string, above: Spot | null): HTMLElement {
    const counts = this.#counts.get(number)!;
    const { unit } = counts;
    const isOpen = this.#open.has(number);
    const spot = spotOf(unit) ?? (above && { ...above, level: unit.level });
    const children = this.#children.get(number);
    return h(
      "li",
      {},
      h(
        "div",
        { class: "tree-row" },
        counts.children > 0
          ? h(
              "button",
              {
                id: `open-${number}`,
                class: "twist",
                "aria-expanded": String(isOpen),
                "aria-label": t("open_unit", { name: unitName(unit) }),
                onclick: () => void this.#toggle(number),
              },
            )
          : h("span", { class: "twist leaf" }),
        h(
          "button",
          {
            id: `fly-${number}`,
            class: "unit",
            title: dashed(number),
            disabled: !spot,
            onclick: () => spot && this.#fly(spot),
          },
          h("span", { class: "unit-name" }, unitName(unit)),
          h("span", { class: "hint" }, `${kindName(unit)} · ${t("members", { n: counts.members })}`),
        ),
        h("span", { class: counts.on_duty > 0 ? "on-duty" : "on-duty none" }, t("on_duty_count", { n: counts.on_duty })),
      ),
      isOpen && this.#branch(children, spot),
    );
  }

  #branch(children: string[] | undefined, spot: Spot | null): HTMLElement {
    if (!children) return h("p", { class: "hint branch" }, t("loading"));
    if (children.length === 0) return h("p", { class: "hint branch" }, t("no_sub_units"));
    return h("ul", { class: "branch" }, children.map((child) => this.#node(child, spot)));
  }
}

function spotOf(unit: Unit): Spot | null {
  return unit.lon === null || unit.lat === null ? null : { lon: unit.lon, lat: unit.lat, level: unit.level };
}
