import type { Progress, RecipientState } from "muster-client";
import { t, type TextKey } from "../i18n";

export type Filter = RecipientState | "all";

const ALWAYS: RecipientState[] = ["accepted", "reserve", "declined", "silent", "not_reached"];

interface CountersProps {
  progress: Progress;
  filter: Filter;
  choose(filter: Filter): void;
}

/** How many stand where; each is a button that filters the list. */
export function Counters({ progress, filter, choose }: CountersProps) {
  const ended = (["expired", "withdrawn"] as const).filter((state) => progress[state] > 0);
  const counts: [Filter, number][] = [
    ...[...ALWAYS, ...ended].map((state): [Filter, number] => [state, progress[state as "accepted"]]),
    ["all", progress.offered],
  ];
  return (
    <div class="counters" role="group" aria-label={t("counts")}>
      {counts.map(([state, count]) => (
        <button
          key={state}
          id={`counter-${state}`}
          class={`counter ${state}`}
          aria-pressed={filter === state}
          onClick={() => choose(filter === state ? "all" : state)}
        >
          <span class="number">{count}</span>
          <span>{t(`count_${state}` as TextKey)}</span>
        </button>
      ))}
    </div>
  );
}
