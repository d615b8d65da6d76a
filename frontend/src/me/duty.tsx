import type { Duty } from "muster-client";
import { t } from "../i18n";
import { moment } from "../lib/time";
import type { Ending } from "./inbox";
import type { TrackerState } from "./tracker";

export interface DutyProps {
  duty: Duty;
  /** It has not run out meanwhile. */
  isOn: boolean;
  /** What was asked for and has no reply yet; else how it is. */
  wanted: boolean;
  isWaiting: boolean;
  /** What was asked for outlives this page. */
  isKept: boolean;
  isOnline: boolean;
  ended: Ending | undefined;
  tracker: TrackerState;
  /** Positions that have not been sent. */
  fixes: number;
  set(on: boolean): void;
}

/** Whether the volunteer is on duty, what this means for positions, and the switch. */
export function DutyCard(props: DutyProps) {
  const { duty, isOn, wanted, isWaiting, isKept, isOnline, ended, set } = props;
  const title = wanted ? (isOn && duty.until ? t("duty_on_until", { time: moment(duty.until) }) : t("duty_on")) : t("duty_off");
  return (
    <section class={`card duty ${wanted ? "on" : "off"}`} aria-label={t("duty")}>
      <div>
        <p class="duty-title" role="status">
          {title}
        </p>
        {!wanted && ended && (
          <p class="hint warn" id="duty-ended">
            {t(`duty_ended_${ended}`)}
          </p>
        )}
        <p class="hint">{t(isWaiting && !isOnline ? (isKept ? "duty_pending" : "keeping") : dutyHint(wanted, duty))}</p>
        <PositionHint {...props} />
      </div>
      <button id="duty" class="switch" role="switch" aria-checked={wanted} aria-label={t("duty")} onClick={() => set(!wanted)} />
    </section>
  );
}

function PositionHint({ wanted, duty, tracker, fixes, isOnline }: DutyProps) {
  if (wanted && duty.on && duty.tracked === false) {
    return (
      <p class="hint warn">
        {t("position_not_agreed")} <a href="/my-data/#consents">{t("agree_to_position")}</a>
      </p>
    );
  }
  if (wanted && tracker === "denied") return <p class="hint warn">{t("position_denied")}</p>;
  if (wanted && tracker === "unavailable") return <p class="hint warn">{t("position_unavailable")}</p>;
  if (fixes > 0 && !isOnline) return <p class="hint">{t("position_waiting", { n: fixes })}</p>;
  return null;
}

/** What is said of being located is true: on duty without consent, a person is not. */
export function dutyHint(wanted: boolean, { on, tracked }: Duty): "duty_on_hint" | "duty_on_untracked" | "duty_off_hint" {
  if (!wanted) return "duty_off_hint";
  return on && tracked === true ? "duty_on_hint" : "duty_on_untracked";
}
