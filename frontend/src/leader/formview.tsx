import { useRef } from "preact/hooks";
import { CategoryValues, type Severity, type Unit } from "muster-client";
import { t } from "../i18n";
import { clock } from "../lib/clock";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { Emblem } from "../parts/emblem";
import { Field, Labelled, Segments } from "../parts/field";
import { ANSWER_WITHIN_MIN, timesOf, type When } from "./draft";
import type { CallOutForm } from "./form";
import { PlaceField } from "./place";

/** The parts of sub-units that are shown without unfolding. */
const SHOWN_PARTS = 4;
const MOST_PEOPLE = 100_000;

interface ViewProps {
  form: CallOutForm;
}

/** The form of a new call-out. It stays while a task is watched, so that nothing that was written is lost. */
export function CallOutView({ form, isHidden }: ViewProps & { isHidden: boolean }) {
  const section = useRef<HTMLElement>(null);
  const review = () => {
    const lack = form.review();
    const wanted = lack === "choose_category" ? ".category" : lack === "choose_title" ? "#title" : "";
    if (wanted) section.current?.querySelector<HTMLElement>(wanted)?.focus();
  };
  return (
    <section ref={section} class="call-out" aria-labelledby="new-title" hidden={isHidden}>
      <h2 id="new-title">{t("new_call_out")}</h2>
      <OwnUnit form={form} />
      <Categories form={form} />
      <Severities form={form} />
      <Words form={form} />
      <Field label={t("where")}>
        {/* Another order begins with another place, and with its map closed. */}
        <PlaceField key={form.draft.value.taskId} form={form} />
      </Field>
      <Headcount form={form} />
      <Times form={form} />
      <Units form={form} />
      <div class="send-bar">
        <p id="form-problem" class="field-error" role="alert">
          {form.problem}
        </p>
        <button id="review" class="primary wide" onClick={review}>
          {t("review")}
        </button>
      </div>
    </section>
  );
}

/** Who leads several units says which one asks. */
function OwnUnit({ form }: ViewProps) {
  const { units } = form.options;
  if (units.length < 2) return null;
  return (
    <Labelled id="own-unit" label={t("asked_by")}>
      <select id="own-unit" value={form.own.value.number} onChange={(event) => form.askFor(event.currentTarget.value)}>
        {units.map((unit) => (
          <option key={unit.number} value={unit.number}>
            {unitName(unit)}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function Categories({ form }: ViewProps) {
  const chosen = form.draft.value.category;
  return (
    <Field label={t("what")}>
      <div class="categories">
        {CategoryValues.map((category) => (
          <button
            key={category}
            id={`category-${category}`}
            class="category"
            aria-pressed={category === chosen}
            onClick={() => form.chooseCategory(category)}
          >
            <Emblem category={category} />
            <span>{t(`category_${category}`)}</span>
          </button>
        ))}
      </div>
    </Field>
  );
}

/** Who is asked: all that this page lets a leader choose; that life is at stake is said by commanders and dispatchers. */
function Severities({ form }: ViewProps) {
  const { severity } = form.draft.value;
  const values: [Severity, string][] = [["normal", t("severity_normal")], ["urgent", t("severity_urgent")], ["notice", t("severity_notice")]];
  return (
    <Field label={t("severity")}>
      <div>
        <Segments name="severity" values={values} chosen={severity} choose={(chosen) => form.edit({ severity: chosen })} />
        <p class="hint" aria-live="polite">
          {t(severity === "urgent" ? "severity_urgent_hint" : severity === "notice" ? "severity_notice_hint" : "severity_normal_hint")}
        </p>
      </div>
    </Field>
  );
}

function Words({ form }: ViewProps) {
  const { title, instructions } = form.draft.value;
  return (
    <div class="words">
      <Labelled id="title" label={t("title")}>
        <input
          id="title"
          maxLength={120}
          value={title}
          onInput={({ currentTarget: { value } }) => form.edit({ title: value, isTitleOurs: value === "" })}
        />
      </Labelled>
      <Labelled id="note" label={t("note")}>
        <textarea
          id="note"
          rows={2}
          maxLength={4000}
          value={instructions}
          onInput={(event) => form.edit({ instructions: event.currentTarget.value })}
        />
      </Labelled>
    </div>
  );
}

function Headcount({ form }: ViewProps) {
  const { headcount } = form.draft.value;
  const set = (count: number) => {
    const within = Math.max(1, Math.min(MOST_PEOPLE, Math.round(count) || 1));
    form.edit({ headcount: within });
    return String(within);
  };
  return (
    <Field label={t("how_many")}>
      <div class="stepper">
        <button class="step" aria-label={t("fewer")} onClick={() => set(headcount - 1)}>
          −
        </button>
        <input
          id="headcount"
          type="number"
          inputMode="numeric"
          min={1}
          max={MOST_PEOPLE}
          value={headcount}
          aria-label={t("how_many")}
          onChange={({ currentTarget }) => (currentTarget.value = set(Number(currentTarget.value)))}
        />
        <button class="step" aria-label={t("more_people")} onClick={() => set(headcount + 1)}>
          +
        </button>
      </div>
    </Field>
  );
}

function Times({ form }: ViewProps) {
  const draft = form.draft.value;
  const { startsAt, answerBy } = timesOf(draft, clock.now());
  const whens: [When, string][] = [["now", t("when_now")], ["soon", t("when_30")], ["at", t("when_at")]];
  const minutes = ANSWER_WITHIN_MIN.map((n) => [String(n), t("minutes", { n })] as const);
  return (
    <div class="times">
      <Field label={t("when")}>
        <div>
          <Segments name="when" values={whens} chosen={draft.when} choose={(when) => form.chooseWhen(when)} />
          <input
            id="time"
            type="time"
            aria-label={t("when_time")}
            hidden={draft.when !== "at"}
            value={draft.time}
            onInput={(event) => form.edit({ time: event.currentTarget.value })}
          />
        </div>
      </Field>
      <Field label={t("answer_within")}>
        <div>
          <Segments
            name="within"
            values={minutes}
            chosen={String(draft.answerWithinMin)}
            choose={(chosen) => form.edit({ answerWithinMin: Number(chosen) })}
          />
          <p class="hint" aria-live="polite">
            {`${t("starts")}: ${moment(startsAt)} · ${t("answer_until")}: ${moment(answerBy)}`}
          </p>
        </div>
      </Field>
    </div>
  );
}

function Units({ form }: ViewProps) {
  const own = form.own.value;
  const parts = form.children.value.map(({ unit }) => unit);
  return (
    <fieldset id="units">
      <legend>{t("who")}</legend>
      <UnitChoice form={form} unit={own} label={t("all_of", { unit: unitName(own) })} />
      {parts.length > 0 && (
        <details id="sub-units" key={own.number} open={parts.length <= SHOWN_PARTS}>
          <summary>{t("sub_units")}</summary>
          <div id="unit-choices" class="unit-choices">
            {parts.map((unit) => (
              <UnitChoice key={unit.number} form={form} unit={unit} label={unitName(unit)} />
            ))}
          </div>
        </details>
      )}
    </fieldset>
  );
}

function UnitChoice({ form, unit, label }: ViewProps & { unit: Unit; label: string }) {
  const onDuty = form.counts.value.get(unit.number)?.on_duty;
  return (
    <label class="unit-choice">
      <input
        type="checkbox"
        id={`unit-${unit.number}`}
        checked={form.draft.value.units.includes(unit.number)}
        onChange={() => form.choosePart(unit.number)}
      />
      <span>{label}</span>
      {onDuty !== undefined && <span class="on-duty">{t("on_duty_count", { n: onDuty })}</span>}
    </label>
  );
}
