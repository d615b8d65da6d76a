import { locale, t } from "../i18n";
import { clock } from "./clock";
import { today } from "./ticks";

const timeOf = (date: Date) => date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });

/** 20:15, or “tomorrow 08:00”, or “3 May 08:00”; what shows it is drawn again when the day has changed. */
export function moment(instant: string | Date, now: Date = clock.date()): string {
  void today.value;
  const date = new Date(instant);
  const days = Math.round((startOfDay(date) - startOfDay(now)) / 86_400_000);
  if (days === 0) return timeOf(date);
  const day = days === 1 ? t("tomorrow") : date.toLocaleDateString(locale(), { day: "numeric", month: "short" });
  return `${day} ${timeOf(date)}`;
}

/** 20:15:09: the age of what is on the screen has to be exact. */
export function exact(date: Date): string {
  return date.toLocaleTimeString(locale());
}

export const inMinutes = (minutes: number, from: number = clock.now()): Date => new Date(from + minutes * 60_000);

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
