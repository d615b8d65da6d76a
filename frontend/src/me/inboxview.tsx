import { useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Answer, Problem } from "muster-client";
import { t } from "../i18n";
import { problemText } from "../lib/problems";
import { minute } from "../lib/ticks";
import { memo } from "../parts/memo";
import { Counted } from "../parts/notice";
import { CalledOffCards } from "./calledoff";
import { Card } from "./cards";
import { DutyCard } from "./duty";
import type { Item } from "./inbox";
import type { VolunteerPage } from "./page";

/** What a person is told of, and is said to have seen when it was on the screen. */
const SHOWN = ".offer.offered, .offer.withdrawn, .called-off";

interface ViewProps {
  page: VolunteerPage;
}

export function AlertView({ page: { state } }: ViewProps) {
  return <CalledOffCards calledOff={state.inbox.calledOff ?? {}} read={(task) => state.read(task)} />;
}

/** Duty, then the call-outs in three lists. */
export function InboxView({ page }: ViewProps) {
  const { open, mine, ended } = page.lists.value;
  const problem = page.state.problem.value;
  return (
    <>
      <Duty page={page} />
      {problem && <ProblemNotice problem={problem} dismiss={() => page.state.dismiss()} />}
      <Section page={page} title="inbox_open" items={open} />
      <Section page={page} title="inbox_mine" items={mine} />
      {open.length + mine.length === 0 && <EmptyState />}
      <Section page={page} title="inbox_ended" items={ended.slice(0, page.shownEnded.value)} isPast />
      <Older page={page} ended={ended.length} />
      <Seen page={page} />
    </>
  );
}

function Duty({ page }: ViewProps) {
  return (
    <div id="duty-slot">
      <DutyCard
        {...page.duty.value}
        isOnline={page.isOnline.value}
        tracker={page.trackerState.value}
        fixes={page.fixes.value}
        set={(on) => page.state.setDuty(on)}
      />
    </div>
  );
}

function ProblemNotice({ problem, dismiss }: { problem: Problem; dismiss(): void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{problemText(problem)}</p>
      <button id="dismiss-problem" onClick={dismiss}>
        {t("close")}
      </button>
    </div>
  );
}

interface SectionProps extends ViewProps {
  title: "inbox_open" | "inbox_mine" | "inbox_ended";
  items: Item[];
  isPast?: boolean;
}

function Section({ page, title, items, isPast = false }: SectionProps) {
  if (items.length === 0) return null;
  return (
    <section class={isPast ? "list past" : "list"} aria-labelledby={title}>
      <Counted id={title} title={t(title)} n={items.length} />
      {items.map((item) => (
        <OfferCard key={item.task.id} page={page} item={item} />
      ))}
    </section>
  );
}

/** A card in the inbox; an event about another task does not touch it. */
const OfferCard = memo(({ page, item }: ViewProps & { item: Item }) => {
  const id = item.task.id;
  const { state } = page;
  const choice = useComputed(() => page.choices.value.get(id) ?? null);
  const waiting = useComputed(() => state.waiting.value.filter((one) => one.type === "assignment.answer" && (one.body as Answer).task === id).pop());
  const isKept = useComputed(() => waiting.value !== undefined && state.kept.value.has(waiting.value.key));
  const refusal = useComputed(() => state.inbox.refusals?.[id] ?? null);
  const last = waiting.value;
  const given = {
    choice: choice.value,
    pending: (last?.body as Answer | undefined) ?? null,
    isKept: isKept.value,
    canTakeBack: last !== undefined && !last.tried,
    refusal: refusal.value,
    isOnline: page.isOnline.value,
    takeBack: () => void state.takeBack(last!.key),
    dismiss: () => state.read(id),
    choose: (choice: Parameters<VolunteerPage["choose"]>[1]) => page.choose(id, choice),
    answer: (answer: Answer) => page.answer(answer),
  };
  return <Card item={item} given={given} />;
});

function EmptyState() {
  return (
    <section class="empty">
      <h2>{t("inbox_empty")}</h2>
      <p class="hint">{t("inbox_empty_hint")}</p>
    </section>
  );
}

function Older({ page, ended }: ViewProps & { ended: number }) {
  if (ended <= page.shownEnded.value && !page.state.inbox.next) return null;
  return (
    <button id="older" class="wide quiet" onClick={() => void page.showMore()}>
      {t("more")}
    </button>
  );
}

/** Watches, after each change, which cards are on the screen: a task that was changed is to be seen again. */
function Seen({ page }: ViewProps) {
  const watched = useMemo(() => new IntersectionObserver((entries) => page.onScreen(entries), { threshold: 0.5 }), []);
  void page.state.inbox;
  void minute.value; // and when the page is looked at again
  useEffect(() => {
    watched.disconnect();
    document.querySelectorAll(SHOWN).forEach((element) => watched.observe(element));
  });
  return null;
}
