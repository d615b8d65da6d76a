import { useSignal } from "@preact/signals";
import { v7 as uuid7 } from "uuid";
import { useCallback, useMemo } from "preact/hooks";
import type { Recipient, Task, TaskDetail } from "muster-client";
import { t, type TextKey } from "../i18n";
import { problemText } from "../lib/problems";
import { moment } from "../lib/time";
import { unitName } from "../lib/units";
import { openDialog } from "../parts/dialog";
import { Labelled } from "../parts/field";
import { ProgressBar } from "../parts/progress";
import { Counters } from "./counters";
import { People, type Said, UnitTable } from "./people";
import type { TaskWatch } from "./watch";

interface ViewProps {
  watch: TaskWatch;
}

/** How one task stands: counters, the list of people, the sub-units. */
export function WatchView({ watch }: ViewProps) {
  const detail = watch.detail.value;
  return (
    <section class="watch" aria-live="off">
      {detail ? <Known watch={watch} detail={detail} /> : <Unknown watch={watch} />}
    </section>
  );
}

function Unknown({ watch }: ViewProps) {
  const problem = watch.problem.value;
  if (!problem) return <p class="loading">{t("loading")}</p>;
  return (
    <>
      <Back watch={watch} />
      <p class="notice bad" role="alert">
        {problem}
      </p>
    </>
  );
}

function Known({ watch, detail: { task, progress } }: ViewProps & { detail: TaskDetail }) {
  const filter = watch.filter.value;
  return (
    <>
      <div class="watch-top">
        <Back watch={watch} />
        {task.status === "called" && (
          <button id="call-off" class="danger" onClick={() => askCallOff(watch)}>
            {t("call_off")}
          </button>
        )}
      </div>
      <Head task={task} />
      {watch.problem.value && (
        <p class="notice bad" role="alert">
          {watch.problem}
        </p>
      )}
      <ProgressBar progress={progress} />
      <Counters progress={progress} filter={filter} choose={(chosen) => watch.choose(chosen)} />
      <ByUnit watch={watch} />
      <h3>{filter === "all" ? t("people") : t(`count_${filter}` as TextKey)}</h3>
      {filter === "not_reached" && progress.not_reached > 0 && <p class="hint">{t("by_hand")}</p>}
      <Listed watch={watch} />
    </>
  );
}

/** Apart from the counters, which move more often than the people behind them are read. */
function Listed({ watch }: ViewProps) {
  const { items, next, kept } = watch.people.value;
  const task = watch.detail.value?.task;
  const [takes, isDangerous] = [task?.status === "called", task?.dangerous ?? false];
  const note = useCallback((person: Recipient, said: Said) => watch.note(person.volunteer, said), [watch]);
  const noting = useMemo(() => (takes ? { isDangerous, note, isOwn: (number: string) => watch.isOwn(number) } : null), [takes, isDangerous, note, watch]);
  return (
    <>
      <People people={items} noting={noting} />
      {!!kept && <p class="hint">{t("kept_by_partners", { count: kept })}</p>}
      {next !== null && (
        <button id="more" class="wide" onClick={() => watch.more()}>
          {t("more")}
        </button>
      )}
    </>
  );
}

function ByUnit({ watch }: ViewProps) {
  const units = watch.units.value;
  if (units.length < 2) return null;
  return (
    <details id="by-unit">
      <summary>{t("by_unit")}</summary>
      <UnitTable rows={units} />
    </details>
  );
}

function Back({ watch }: ViewProps) {
  return (
    <button id="watch-back" class="quiet back" onClick={() => watch.close()}>
      {t("back")}
    </button>
  );
}

function Head({ task }: { task: Task }) {
  const facts = [unitName(task.unit), task.place.name, `${t("starts")} ${moment(task.starts_at)}`, `${t("answer_until")} ${moment(task.answer_by)}`];
  return (
    <header class="watch-head">
      <p class="overline">{t(`category_${task.category}`)}</p>
      <h2 id="watch-title" tabIndex={-1}>
        {task.title}
      </h2>
      <p class={`task-status ${task.status}`}>{t(`status_${task.status}`)}</p>
      <p class="hint">{[...new Set(facts.filter(Boolean))].join(" · ")}</p>
      {task.end_reason && <p class="hint said">{t("reason_given", { reason: task.end_reason })}</p>}
    </header>
  );
}

function askCallOff(watch: TaskWatch): void {
  void openDialog("call-off-title", (close) => <CallOff watch={watch} close={close} />);
}

function CallOff({ watch, close }: ViewProps & { close(): void }) {
  const reason = useSignal("");
  const problem = useSignal("");
  const keys = useSignal(new Map<string, string>()).peek(); // of each reason: pressing again after a lost answer is the same act
  const callOff = async () => {
    const why = reason.value.trim();
    keys.set(why, keys.get(why) ?? uuid7());
    try {
      await watch.callOff(why, keys.get(why)!, close);
    } catch (failure) {
      problem.value = problemText(failure);
    }
  };
  return (
    <>
      <h2 id="call-off-title">{t("call_off_title")}</h2>
      <Labelled id="call-off-reason" label={t("call_off_reason")}>
        <input id="call-off-reason" maxLength={200} value={reason} onInput={(event) => (reason.value = event.currentTarget.value)} />
      </Labelled>
      <p class="field-error" role="alert">
        {problem}
      </p>
      <div class="answers">
        <button onClick={close}>{t("back")}</button>
        <button class="danger" id="call-off-do" onClick={() => void callOff()}>
          {t("call_off_do")}
        </button>
      </div>
    </>
  );
}
