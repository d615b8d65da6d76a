import { t } from "../i18n";
import { h } from "../lib/dom";
import type { CalledOff } from "./inbox";

/** The cards that say what was called off under the person: each is spoken once, and stays until it was read. */
export class CalledOffCards {
  readonly element = h("div", { class: "called-off-cards" });
  readonly #read: (task: string) => void;

  constructor(read: (task: string) => void) {
    this.#read = read;
  }

  /** Leave alone the cards that stay: a screen reader speaks each one that is put into the page. */
  show(calledOff: Record<string, CalledOff>): void {
    const shown = new Set<string>();
    for (const one of [...this.element.querySelectorAll<HTMLElement>("[data-task]")]) {
      const task = one.dataset.task ?? "";
      if (task in calledOff) shown.add(task);
      else one.remove();
    }
    for (const [task, what] of Object.entries(calledOff)) if (!shown.has(task)) this.element.prepend(this.#card(task, what));
    this.element.hidden = this.element.childElementCount === 0;
  }

  #card(task: string, { title, reason }: CalledOff): HTMLElement {
    return h(
      "section",
      { class: "card called-off", role: "alert", "data-task": task },
      h("h2", {}, t("called_off_title", { title })),
      h("p", { class: "not-needed" }, t("not_needed")),
      reason && h("p", { class: "said" }, t("reason_given", { reason })),
      h("button", { class: "primary wide", onclick: () => this.#read(task) }, t("have_read")),
    );
  }
}
