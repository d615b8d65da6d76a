import { signal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Unit, UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { asBefore, shared } from "../lib/share";
import { dashed, kindName, unitName } from "../lib/units";
import { memo } from "../parts/memo";

const REFRESH_MS = 5_000;

export interface Spot {
  lon: number;
  lat: number;
  level: number;
}

/** A unit in the tree. Each is drawn by its own signals: when one count moves, no other line is touched. */
class Branch {
  readonly counts: Signal<UnitCounts>;
  readonly isOpen = signal(false);
  /** Nothing until it has been read. */
  readonly children = signal<Branch[] | null>(null);

  constructor(counts: UnitCounts) {
    this.counts = signal(counts);
  }

  get number(): string {
    return this.counts.peek().unit.number;
  }

  take(counts: UnitCounts): void {
    this.counts.value = shared(this.counts.peek(), counts);
  }
}

/** The formation as a tree: branches are read when opened, and the open ones stay up to date. */
export class UnitTree {
  readonly roots = signal<Branch[]>([]);
  readonly fly: (spot: Spot) => void;
  readonly #branches = new Map<string, Branch>();
  readonly #known: (units: Unit[]) => void;

  constructor(fly: (spot: Spot) => void, known: (units: Unit[]) => void) {
    this.fly = fly;
    this.#known = known;
  }

  async start(roots: Unit[]): Promise<void> {
    const counts = roots.map((unit) => ({ unit, members: 0, on_duty: 0, unreachable: 0, children: 1 }));
    const [first, ...others] = counts.map((one) => this.#took(one));
    if (first && others.length === 0) first.isOpen.value = true;
    setInterval(() => document.visibilityState === "visible" && void this.refresh(), REFRESH_MS);
    await this.#read([...this.#branches.values()]);
    this.roots.value = first ? [first, ...others] : [];
  }

  /** Read again what is on the screen. */
  refresh(): Promise<void> {
    return this.#read(this.roots.peek());
  }

  async toggle(branch: Branch): Promise<void> {
    branch.isOpen.value = !branch.isOpen.peek();
    if (branch.isOpen.peek()) await this.#readBranch(branch).catch(() => (branch.isOpen.value = false));
  }

  async #read(roots: Branch[]): Promise<void> {
    await Promise.all([
      ...roots.map(async ({ number }) => this.#took(await get<UnitCounts>(`/units/${number}`))),
      ...shownBelow(roots).map((branch) => this.#readBranch(branch)),
    ]).catch(() => undefined);
  }

  async #readBranch(branch: Branch): Promise<void> {
    const read = (await get<UnitCounts[]>(`/units/${branch.number}/children`)).map((counts) => this.#took(counts));
    const before = branch.children.peek();
    branch.children.value = asBefore(before ?? [], read);
    if (!before) this.#known([...this.#branches.values()].map(({ counts }) => counts.peek().unit));
  }

  #took(counts: UnitCounts): Branch {
    const known = this.#branches.get(counts.unit.number);
    if (known) known.take(counts);
    const branch = known ?? new Branch(counts);
    this.#branches.set(counts.unit.number, branch);
    return branch;
  }
}

/** Return the open ones on the screen, of all levels. */
function shownBelow(branches: Branch[]): Branch[] {
  const open = branches.filter(({ isOpen }) => isOpen.peek());
  return [...open, ...open.flatMap(({ children }) => shownBelow(children.peek() ?? []))];
}

export function TreeView({ tree }: { tree: UnitTree }) {
  return (
    <ul class="tree">
      {tree.roots.value.map((branch) => (
        <BranchView key={branch.number} tree={tree} branch={branch} above={null} />
      ))}
    </ul>
  );
}

interface BranchProps {
  tree: UnitTree;
  branch: Branch;
  /** Where the unit above is: it stands for those that have no place of their own. */
  above: Spot | null;
}

const BranchView = memo(({ tree, branch, above }: BranchProps) => {
  const { unit } = branch.counts.value;
  const { lon, lat, level } = unit;
  const spot = useMemo(() => spotOf(unit) ?? (above && { ...above, level }), [lon, lat, level, above]);
  return (
    <li>
      <Row tree={tree} branch={branch} spot={spot} />
      {branch.isOpen.value && <Below tree={tree} branches={branch.children.value} spot={spot} />}
    </li>
  );
});

function Row({ tree, branch, spot }: { tree: UnitTree; branch: Branch; spot: Spot | null }) {
  const { unit, members, on_duty, children } = branch.counts.value;
  const number = unit.number;
  return (
    <div class="tree-row">
      {children > 0 ? (
        <button
          id={`open-${number}`}
          class="twist"
          aria-expanded={branch.isOpen.value}
          aria-label={t("open_unit", { name: unitName(unit) })}
          onClick={() => void tree.toggle(branch)}
        />
      ) : (
        <span class="twist leaf" />
      )}
      <button id={`fly-${number}`} class="unit" title={dashed(number)} disabled={!spot} onClick={() => spot && tree.fly(spot)}>
        <span class="unit-name">{unitName(unit)}</span>
        <span class="hint">{`${kindName(unit)} · ${t("members", { n: members })}`}</span>
      </button>
      <span class={on_duty > 0 ? "on-duty" : "on-duty none"}>{t("on_duty_count", { n: on_duty })}</span>
    </div>
  );
}

function Below({ tree, branches, spot }: { tree: UnitTree; branches: Branch[] | null; spot: Spot | null }) {
  if (!branches) return <p class="hint branch">{t("loading")}</p>;
  if (branches.length === 0) return <p class="hint branch">{t("no_sub_units")}</p>;
  return (
    <ul class="branch">
      {branches.map((child) => (
        <BranchView key={child.number} tree={tree} branch={child} above={spot} />
      ))}
    </ul>
  );
}

function spotOf(unit: Unit): Spot | null {
  return unit.lon === null || unit.lat === null ? null : { lon: unit.lon, lat: unit.lat, level: unit.level };
}
