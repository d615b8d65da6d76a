import type { Recipient, UnitProgress } from "muster-client";
import { t, type TextKey } from "../i18n";
import { h } from "../lib/dom";
import { moment } from "../lib/time";
import { spaced, unitName } from "../lib/units";

/** What a volunteer has not heard, by the event that has not come. */
const UNHEARD: Record<Exclude<Recipient["told"], "task.called">, TextKey> = {
  "task.cancelled": "unheard_cancelled",
  "task.legal_basis_named": "unheard_legal_basis",
  "task.closed": "unheard_closed",
  "assignment.changed": "unheard_changed",
};

/** One line of the leader's list; whoever has not been reached can be phoned from here. */
export function personLine(person: Recipient): HTMLElement {
  const told = [
    t(`count_${person.state}` as TextKey),
    person.before === "accepted" ? t("had_accepted") : "",
    person.not_reached && person.told !== "task.called" ? t(UNHEARD[person.told]) : "",
    person.eta_at && person.state === "accepted" ? t("eta", { time: moment(person.eta_at) }) : "",
    person.reason,
    person.state === "silent" ? t(person.seen ? "seen" : "delivered") : "",
  ];
  return h(
    "li",
    { class: `person ${person.not_reached ? "not_reached" : person.state}` },
    h(
      "div",
      {},
      h("p", { class: "name" }, person.name, h("span", { class: "number" }, spaced(person.volunteer))),
      h("p", { class: "hint" }, [person.unit_name, ...told].filter(Boolean).join(" · ")),
    ),
    person.not_reached && person.phone
      ? h(
          "a",
          { class: "button call", href: `tel:${dialled(person.phone)}`, "aria-label": t("call", { name: person.name }) },
          person.phone,
        )
      : null,
  );
}

const COLUMNS = ["accepted", "reserve", "declined", "silent", "not_reached"] as const;

/** A phone as it is dialled: a pause before the extension. */
function dialled(phone: string): string {
  return phone.replace("-", ",");
}

/** How each direct sub-unit stands. */
export function unitTable(rows: UnitProgress[]): HTMLElement {
  return h(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": t("by_unit") },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("unit")), COLUMNS.map((c) => h("th", { scope: "col" }, t(`count_${c}`))))),
      h(
        "tbody",
        {},
        rows.map(({ unit, progress }) =>
          h("tr", {}, h("th", { scope: "row" }, unitName(unit)), COLUMNS.map((c) => h("td", {}, String(progress[c])))),
        ),
      ),
    ),
  );
}
