import { type Category, CategoryValues, type Unit, type UnitCounts } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import { clock } from "../lib/clock";
import { h, replace } from "../lib/dom";
import { emblem } from "../lib/facts";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { ANSWER_WITHIN_MIN, missing, newDraft, timesOf, toggleUnit, type Draft, type When } from "./draft";
import { placeField } from "./place";
import { reviewDialog } from "./review";
import { keptOrder, orderOf, type Order } from "./send";

export interface FormOptions {
  number: string;
  units: Unit[];
  assets: string;
  styleUrl: string;
  sent(task: string, offered: number): void;
}

/** The form of a new call-out: everything has a good first value, so three taps are enough. */
export class CallOutForm {
  readonly element = h("section", { class: "call-out", "aria-labelledby": "new-title" });
  readonly #options: FormOptions;
  readonly #counts = new Map<string, UnitCounts>();
  #draft: Draft;
  #own: Unit;
  #children: UnitCounts[] = [];

  constructor(options: FormOptions) {
    this.#options = options;
    this.#own = options.units[0]!;
    this.#draft = newDraft(this.#own);
    this.#draw();
    void this.#readUnits();
  }

  async #readUnits(): Promise<void> {
    const number = this.#own.number;
    const [own, children] = await Promise.all([
      get<UnitCounts>(`/units/${number}`),
      get<UnitCounts[]>(`/units/${number}/children`),
    ]).catch(() => [null, []] as [null, UnitCounts[]]);
    if (own) this.#counts.set(number, own);
    for (const child of children) this.#counts.set(child.unit.number, child);
    this.#children = children;
    this.#drawUnits();
  }

  #draw(): void {
    replace(
      this.element,
      h("h2", { id: "new-title" }, t("new_call_out")),
      this.#ownUnit(),
      this.#categories(),
      this.#words(),
      field(t("where"), placeField(this.#draft, this.#own, this.#options)),
      this.#headcount(),
      this.#when(),
      h("fieldset", { id: "units" }),
      h(
        "div",
        { class: "send-bar" },
        h("p", { id: "form-problem", class: "field-error", role: "alert" }),
        h("button", { id: "review", class: "primary wide", onclick: () => this.#review() }, t("review")),
      ),
    );
    this.#drawUnits();
  }

  /** Who leads several units says which one asks. */
  #ownUnit(): HTMLElement {
    if (this.#options.units.length < 2) return h("span", { hidden: true });
    const select = h(
      "select",
      { id: "own-unit" },
      this.#options.units.map((unit) => h("option", { value: unit.number }, unitName(unit))),
    );
    select.value = this.#own.number;
    select.onchange = () => {
      this.#own = this.#options.units.find((unit) => unit.number === select.value)!;
      this.#draft = { ...newDraft(this.#own), category: this.#draft.category, title: this.#draft.title };
      this.#draw();
      void this.#readUnits();
    };
    return h("div", { class: "field" }, h("label", { for: "own-unit" }, t("asked_by")), select);
  }

  #categories(): HTMLElement {
    const button = (category: Category) =>
      h(
        "button",
        {
          id: `category-${category}`,
          class: "category",
          "aria-pressed": String(this.#draft.category === category),
          onclick: () => this.#chooseCategory(category),
        },
        emblem(category),
        h("span", {}, t(`category_${category}`)),
      );
    return field(t("what"), h("div", { class: "categories" }, CategoryValues.map(button)));
  }

  #chooseCategory(category: Category): void {
    this.#draft.category = category;
    if (this.#draft.isTitleOurs) this.#draft.title = t(`title_${category}`);
    for (const button of this.element.querySelectorAll(".category")) {
      button.setAttribute("aria-pressed", String(button.id === `category-${category}`));
    }
    this.element.querySelector<HTMLInputElement>("#title")!.value = this.#draft.title;
    this.#say("");
  }

  #words(): HTMLElement {
    const title = h("input", { id: "title", maxlength: 120, value: this.#draft.title });
    title.oninput = () => {
      this.#draft.title = title.value;
      this.#draft.isTitleOurs = title.value === "";
    };
    const note = h("textarea", { id: "note", rows: 2, maxlength: 4000, value: this.#draft.instructions });
    note.oninput = () => (this.#draft.instructions = note.value);
    return h(
      "div",
      { class: "words" },
      h("div", { class: "field" }, h("label", { for: "title" }, t("title")), title),
      h("div", { class: "field" }, h("label", { for: "note" }, t("note")), note),
    );
  }

  #headcount(): HTMLElement {
    const input = h("input", {
      id: "headcount",
      type: "number",
      inputmode: "numeric",
      min: 1,
      max: 100_000,
      value: this.#draft.headcount,
      "aria-label": t("how_many"),
    });
    const set = (count: number) => {
      this.#draft.headcount = Math.max(1, Math.min(100_000, Math.round(count) || 1));
      input.value = String(this.#draft.headcount);
    };
    input.onchange = () => set(Number(input.value));
    const step = (by: number, label: string, sign: string) =>
      h("button", { class: "step", "aria-label": label, onclick: () => set(this.#draft.headcount + by) }, sign);
    return field(t("how_many"), h("div", { class: "stepper" }, step(-1, t("fewer"), "−"), input, step(1, t("more_people"), "+")));
  }

  #when(): HTMLElement {
    const time = h("input", { id: "time", type: "time", "aria-label": t("when_time"), hidden: this.#draft.when !== "at" });
    time.value = this.#draft.time;
    const told = h("p", { class: "hint", "aria-live": "polite" });
    const tell = () => {
      const { startsAt, answerBy } = timesOf(this.#draft, clock.now());
      told.textContent = `${t("starts")}: ${moment(startsAt)} · ${t("answer_until")}: ${moment(answerBy)}`;
    };
    time.oninput = () => {
      this.#draft.time = time.value;
      tell();
    };
    const whens: [When, string][] = [["now", t("when_now")], ["soon", t("when_30")], ["at", t("when_at")]];
    const when = radios("when", whens, this.#draft.when, (value) => {
      this.#draft.when = value as When;
      time.hidden = value !== "at";
      if (value === "at" && !time.value) this.#draft.time = time.value = roundTime();
      tell();
    });
    const minutes = ANSWER_WITHIN_MIN.map((n): [string, string] => [String(n), t("minutes", { n })]);
    const within = radios("within", minutes, String(this.#draft.answerWithinMin), (value) => {
      this.#draft.answerWithinMin = Number(value);
      tell();
    });
    tell();
    return h(
      "div",
      { class: "times" },
      field(t("when"), h("div", {}, when, time)),
      field(t("answer_within"), h("div", {}, within, told)),
    );
  }

  #drawUnits(): void {
    const box = (unit: Unit, label: string) => {
      const input = h("input", { type: "checkbox", id: `unit-${unit.number}` });
      input.checked = this.#draft.units.includes(unit.number);
      input.onchange = () => {
        this.#draft.units = toggleUnit(this.#draft, unit.number);
        this.#drawUnits();
      };
      const onDuty = this.#counts.get(unit.number)?.on_duty;
      return h(
        "label",
        { class: "unit-choice" },
        input,
        h("span", {}, label),
        onDuty === undefined ? null : h("span", { class: "on-duty" }, t("on_duty_count", { n: onDuty })),
      );
    };
    const parts = this.#children.map(({ unit }) => box(unit, unitName(unit)));
    const fieldset = this.element.querySelector("#units")!;
    const isOpen = parts.length <= 4;
    replace(
      fieldset,
      h("legend", {}, t("who")),
      box(this.#own, t("all_of", { unit: unitName(this.#own) })),
      parts.length > 0
        ? h(
            "details",
            { id: "sub-units", open: isOpen },
            h("summary", {}, t("sub_units")),
            h("div", { id: "unit-choices", class: "unit-choices", "data-scroll": true }, parts),
          )
        : h("span", { hidden: true }),
    );
  }

  #say(text: string): void {
    this.element.querySelector("#form-problem")!.textContent = text;
  }

  #review(): void {
    const lack = missing(this.#draft);
    this.#say(lack ? t(lack) : "");
    if (lack === "choose_category") this.element.querySelector<HTMLElement>(".category")?.focus();
    if (lack === "choose_title") this.element.querySelector<HTMLElement>("#title")?.focus();
    if (lack) return;
    this.#confirm(keptOrder(this.#options.number) ?? orderOf(this.#draft, clock.now()));
  }

  /** An order that may have arrived without our hearing of it comes before any new one. */
  resume(): void {
    const kept = keptOrder(this.#options.number);
    if (kept) this.#confirm(kept);
  }

  #confirm(order: Order): void {
    void reviewDialog(order, this.#options.number, (task, offered) => {
      this.#draft = newDraft(this.#own);
      this.#draw();
      this.#options.sent(task, offered);
    });
  }
}

export function field(label: string, content: HTMLElement): HTMLElement {
  return h("fieldset", {}, h("legend", {}, label), content);
}

function radios(name: string, values: [string, string][], chosen: string, choose: (value: string) => void): HTMLElement {
  return h(
    "div",
    { class: "segments" },
    values.map(([value, label]) => {
      const input = h("input", { type: "radio", name, value });
      input.checked = value === chosen;
      input.onchange = () => choose(value);
      return h("label", {}, input, h("span", {}, label));
    }),
  );
}

/** The next full quarter of an hour from half an hour on. */
function roundTime(): string {
  const date = new Date(Math.ceil((clock.now() + 30 * 60_000) / 900_000) * 900_000);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
