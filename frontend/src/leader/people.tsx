import type { Recipient, UnitProgress } from "muster-client";
import { t, type TextKey } from "../i18n";
import { moment } from "../lib/time";
import { spaced, unitName } from "../lib/units";
import { memo } from "../parts/memo";

/** What a volunteer has not heard, by the event that has not come. */
const UNHEARD: Record<Exclude<Recipient["told"], "task.called">, TextKey> = {
  "task.cancelled": "unheard_cancelled",
  "task.legal_basis_named": "unheard_legal_basis",
  "task.closed": "unheard_closed",
  "assignment.changed": "unheard_changed",
};

/** The people of a call-out by their numbers: a line is drawn again only when its own person has changed. */
export function People({ people }: { people: Recipient[] }) {
  if (people.length === 0) return <p class="hint empty-list">{t("nobody")}</p>;
  return (
    <ul class="people" aria-label={t("people")}>
      {people.map((person) => (
        <PersonLine key={person.volunteer} person={person} />
      ))}
    </ul>
  );
}

/** One line of the leader's list; a volunteer who has not been reached can be phoned from here. */
export const PersonLine = memo(({ person }: { person: Recipient }) => (
  <li class={`person ${person.not_reached ? "not_reached" : person.state}`}>
    <div>
      <p class="name">
        {person.name}
        <span class="number">{spaced(person.volunteer)}</span>
      </p>
      <p class="hint">{[person.unit_name, ...told(person)].filter(Boolean).join(" · ")}</p>
    </div>
    {person.not_reached && person.phone && (
      <a class="button call" href={`tel:${dialled(person.phone)}`} aria-label={t("call", { name: person.name })}>
        {person.phone}
      </a>
    )}
  </li>
));

function told(person: Recipient): string[] {
  return [
    t(`count_${person.state}` as TextKey),
    person.before === "accepted" ? t("had_accepted") : "",
    person.not_reached && person.told !== "task.called" ? t(UNHEARD[person.told]) : "",
    person.eta_at && person.state === "accepted" ? t("eta", { time: moment(person.eta_at) }) : "",
    person.reason,
    person.state === "silent" ? t(person.seen ? "seen" : "delivered") : "",
  ];
}

/** A phone as it is dialled: a pause before the extension. */
function dialled(phone: string): string {
  return phone.replace("-", ",");
}

const COLUMNS = ["accepted", "reserve", "declined", "silent", "not_reached"] as const;

/** How each direct sub-unit stands. */
export function UnitTable({ rows }: { rows: UnitProgress[] }) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t("by_unit")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("unit")}</th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`count_${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <UnitRow key={row.unit.number} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const UnitRow = memo(({ row: { unit, progress } }: { row: UnitProgress }) => (
  <tr>
    <th scope="row">{unitName(unit)}</th>
    {COLUMNS.map((column) => (
      <td key={column}>{progress[column]}</td>
    ))}
  </tr>
));
