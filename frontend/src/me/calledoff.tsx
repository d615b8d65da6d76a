import { t } from "../i18n";
import type { CalledOff } from "./inbox";

interface CardsProps {
  calledOff: Record<string, CalledOff>;
  read(task: string): void;
}

/** The cards that say what was called off under the person: each is spoken once, when it comes, and stays until it was read. */
export function CalledOffCards({ calledOff, read }: CardsProps) {
  const newestFirst = Object.entries(calledOff).reverse();
  return (
    <div class="called-off-cards" hidden={newestFirst.length === 0}>
      {newestFirst.map(([task, { title, reason }]) => (
        <section key={task} class="card called-off" role="alert" data-task={task}>
          <h2>{t("called_off_title", { title })}</h2>
          <p class="not-needed">{t("not_needed")}</p>
          {reason && <p class="said">{t("reason_given", { reason })}</p>}
          <button class="primary wide" onClick={() => read(task)}>
            {t("have_read")}
          </button>
        </section>
      ))}
    </div>
  );
}
