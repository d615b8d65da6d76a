import { batch, signal } from "@preact/signals";
import type { Category, Unit, UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { clock } from "../lib/clock";
import { missing, newDraft, toggleUnit, type Draft, type When } from "./draft";
import { reviewDialog } from "./review";
import { keptOrder, orderOf, type Order } from "./send";

export interface FormOptions {
  number: string;
  units: Unit[];
  assets: string;
  styleUrl: string;
  sent(task: string, offered: number): void;
}

type Lack = ReturnType<typeof missing>;

/** What the form of a new call-out holds: everything has a good first value, so three taps are enough. */
export class CallOutForm {
  readonly options: FormOptions;
  readonly draft;
  /** The unit that asks. */
  readonly own;
  readonly counts = signal<ReadonlyMap<string, UnitCounts>>(new Map());
  readonly children = signal<UnitCounts[]>([]);
  readonly problem = signal("");

  constructor(options: FormOptions) {
    this.options = options;
    this.own = signal(options.units[0]!);
    this.draft = signal(newDraft(this.own.peek()));
    void this.#readUnits();
  }

  edit(fields: Partial<Draft>): void {
    this.draft.value = { ...this.draft.peek(), ...fields };
  }

  /** Let another unit ask, where the person leads several. */
  askFor(number: string): void {
    batch(() => {
      this.own.value = this.options.units.find((unit) => unit.number === number)!;
      const { category, title, isTitleOurs } = this.draft.peek();
      this.draft.value = { ...newDraft(this.own.peek()), category, title, isTitleOurs };
    });
    void this.#readUnits();
  }

  chooseCategory(category: Category): void {
    const { isTitleOurs, title } = this.draft.peek();
    this.edit({ category, title: isTitleOurs ? t(`title_${category}`) : title });
    this.problem.value = "";
  }

  chooseWhen(when: When): void {
    const { time } = this.draft.peek();
    this.edit({ when, time: when === "at" && !time ? roundTime() : time });
  }

  choosePart(number: string): void {
    this.edit({ units: toggleUnit(this.draft.peek(), number) });
  }

  /** Ask for the last word before the call-out is sent, or tell what is missing. */
  review(): Lack {
    const lack = missing(this.draft.peek());
    this.problem.value = lack ? t(lack) : "";
    if (!lack) this.#confirm(keptOrder(this.options.number) ?? orderOf(this.draft.peek(), clock.now()));
    return lack;
  }

  /** An order that may have arrived without our hearing of it comes before any new one. */
  resume(): void {
    const kept = keptOrder(this.options.number);
    if (kept) this.#confirm(kept);
  }

  #confirm(order: Order): void {
    reviewDialog(order, this.options.number, (task, offered) => {
      this.draft.value = newDraft(this.own.peek());
      this.options.sent(task, offered);
    });
  }

  async #readUnits(): Promise<void> {
    const { number } = this.own.peek();
    const [own, children] = await Promise.all([
      get<UnitCounts>(`/units/${number}`),
      get<UnitCounts[]>(`/units/${number}/children`),
    ]).catch(() => [null, []] as [null, UnitCounts[]]);
    if (number !== this.own.peek().number) return; // another asks meanwhile
    const read = [...(own ? [own] : []), ...children].map((counts) => [counts.unit.number, counts] as const);
    batch(() => {
      this.counts.value = new Map([...this.counts.peek(), ...read]);
      this.children.value = children;
    });
  }
}

/** The next full quarter of an hour from half an hour on. */
function roundTime(): string {
  const date = new Date(Math.ceil((clock.now() + 30 * 60_000) / 900_000) * 900_000);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
