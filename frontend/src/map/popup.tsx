import type { Age } from "muster-client";
import { t } from "../i18n";
import { exact } from "../lib/time";
import { spaced } from "../lib/units";

interface PopupProps {
  number: string;
  age: Age;
  at: string;
  /** In metres; negative when the phone has not told it. */
  accuracy: number;
}

/** What a mark of the map says when it is tapped. */
export function PersonPopup({ number, age, at, accuracy }: PopupProps) {
  return (
    <>
      <strong>{t("volunteer", { number: spaced(number) })}</strong>
      <p>{t(`age_${age}`)}</p>
      <p>{t("seen_at", { time: exact(new Date(at)) })}</p>
      {accuracy >= 0 && <p>{t("accuracy", { n: Math.round(accuracy) })}</p>}
    </>
  );
}
