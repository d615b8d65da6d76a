import type { Recipient, UnitProgress } from "muster-client";
import { useState } from "preact/hooks";
import { t, type TextKey } from "../i18n";
import { problemText } from "../lib/problems";
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

/** What a person without a device has told a leader by voice. */
export interface Said {
  answer: "accept" | "decline";
  eta_min?: number;
  /** The notice of the risks was read out before. */
  risk?: boolean;
}

interface Noting {
  isDangerous: boolean;
  isOwn(volunteer: string): boolean;
  note(person: Recipient, said: Said): Promise<void>;
}

/** The people of a call-out by their numbers: a line is drawn again only when its own person has changed. */
export function People({ people, noting }: { people: Recipient[]; noting: Noting | null }) {
  if (people.length === 0) return <p class="hint empty-list">{t("nobody")}</p>;
  return (
    <ul class="people" aria-label={t("people")}>
      {people.map((person) => (
        <PersonLine key={person.volunteer} person={person} noting={noting} />
      ))}
    </ul>
  );
}

/** One line of the leader's list; a volunteer who has not been reached can be phoned from here. */
export const PersonLine = memo(({ person, noting }: { person: Recipient; noting: Noting | null }) => (
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
    {noting && takesWord(person) && !noting.isOwn(person.volunteer) && <Spoken person={person} noting={noting} />}
  </li>
));

const WAITS = ["not_reached", "silent"];

/** A leader notes what was not answered yet, or what a leader has noted before; never over an answer of one's own. */
const takesWord = ({ state, noted_by, before }: Recipient): boolean => (WAITS.includes(state) || noted_by !== null) && !before;

const ETAS_MIN = [10, 30, 60];

/** Note what the person has said at the telephone or at the door; what goes wrong is said here. */
function Spoken({ person, noting }: { person: Recipient; noting: Noting }) {
  const [hasRead, setRead] = useState(false);
  const [problem, setProblem] = useState("");
  const note = (said: Said) => noting.note(person, said).then(() => setProblem(""), (reason) => setProblem(problemText(reason)));
  const risk = noting.isDangerous ? { risk: true } : {};
  return (
    <details class="spoken" id={`spoken-${person.volunteer}`}>
      <summary>{t("note_answer")}</summary>
      {noting.isDangerous && (
        <label class="risk-told">
          <input type="checkbox" checked={hasRead} onChange={(event) => setRead(event.currentTarget.checked)} />
          <span>{t("risk_read_out", { notice: t("risk_notice") })}</span>
        </label>
      )}
      <div class="chips" role="group" aria-label={t("said_by", { name: person.name })}>
        {ETAS_MIN.map((minutes) => (
          <button key={minutes} class="chip" disabled={noting.isDangerous && !hasRead} onClick={() => note({ answer: "accept", eta_min: minutes, ...risk })}>
            {t("said_comes_in", { n: minutes })}
          </button>
        ))}
        <button class="chip" onClick={() => note({ answer: "decline" })}>
          {t("said_does_not_come")}
        </button>
      </div>
      {problem && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
    </details>
  );
}

function told(person: Recipient): string[] {
  return [
    t(`count_${person.state}` as TextKey),
    person.before === "accepted" ? t("had_accepted") : "",
    person.not_reached && person.told !== "task.called" ? t(UNHEARD[person.told]) : "",
    person.eta_at && person.state === "accepted" ? t("eta", { time: moment(person.eta_at) }) : "",
    person.reason,
    person.noted_by ? t("noted_by", { number: spaced(person.noted_by) }) : "",
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
