import type {
  Assignment,
  AssignmentStatus,
  Duty,
  DutyReason,
  EventFrame,
  Offer,
  OfferPage,
  PersonSnapshot,
  Problem,
  Task,
} from "muster-client";
import { clock } from "../lib/clock";

/** Where the offer was announced, for the receipt that says it was seen. */
export type Origin = { topic: string; seq: number };
/** `had` is the place that was the person's when the task was called off. */
export type Item = Offer & { origin?: Origin; had?: AssignmentStatus };

/** A task with a place for this person that was called off, until the person says that it was read. */
export interface CalledOff {
  title: string;
  reason: string;
}

const ENDINGS = ["signed_out", "too_long", "suspended", "retired"] as const satisfies readonly DutyReason[];
/** What ends duty without being asked to. */
export type Ending = (typeof ENDINGS)[number];

/** What the volunteer's page knows; snapshot + events = a fresh snapshot. */
export interface Inbox {
  number: string;
  duty: Duty;
  /** Why it ended, when that was not the person's own act; nothing while it lasts. */
  dutyEnded?: Ending | undefined;
  items: Record<string, Item>;
  /** Our parts in tasks that have not been told yet: topics have no order between them. Older copies lack it. */
  parts?: Record<string, Assignment>;
  /** What was called off under this person and has not been read; older copies lack it. */
  calledOff?: Record<string, CalledOff>;
  /** Answers that were not taken, by their tasks, until dismissed; older copies lack it. */
  refusals?: Record<string, Problem>;
  /** Where the older ended ones begin that the server has and this page has not read; older copies lack it. */
  next?: string | null;
}

/** Ended ones that are kept; the others can be read again. */
const MOST_ENDED = 100;
const MOST_PARTS = 100;

export const emptyInbox = (number: string): Inbox => ({ number, duty: { on: false, until: null, tracked: false }, items: {} });

/** Take over a snapshot of `person.<number>`: what it does not hold is known no more. */
export function fromSnapshot(inbox: Inbox, { me, offers }: Partial<PersonSnapshot>): Inbox {
  const duty = me?.duty ?? inbox.duty;
  const fresh = { ...onDuty(inbox, duty, inbox.dutyEnded), items: {}, parts: {} };
  return noted(inbox, withPage(fresh, offers ?? { items: [], next: null }, inbox.items));
}

/** Take over one more page of `GET /me/inbox`. */
export function withPage(inbox: Inbox, page: OfferPage, known: Record<string, Item> = inbox.items): Inbox {
  const items = { ...inbox.items };
  for (const offer of page.items) items[offer.task.id] = withKnown(offer, known[offer.task.id]);
  return { ...inbox, items, next: page.next };
}

/** Forget where offers were announced: the log is another, and a receipt for those numbers would be for other events. */
export function withoutOrigins(inbox: Inbox): Inbox {
  const items = Object.entries(inbox.items).map(([id, { origin: _, ...item }]) => [id, item]);
  return { ...inbox, items: Object.fromEntries(items) as Record<string, Item> };
}

/** Tell whether the page after this one holds open offers too: no volunteer may miss those. */
export const hasMoreOpen = (page: { next?: string | null }): boolean => (page.next ?? "").startsWith("open");

/** Return the inbox after an event; the same object when the event is not about it. */
export function apply(inbox: Inbox, event: EventFrame): Inbox {
  switch (event.type) {
    case "task.called":
      return called(inbox, event.data.task, event);
    case "task.filled":
    case "task.reopened":
      return change(inbox, event.data, (item) => withTask(item, { accepted: event.data.accepted }));
    case "task.legal_basis_named":
      return change(inbox, event.data, (item) => withTask(item, { legal_basis: event.data.legal_basis }));
    case "task.cancelled":
      return noted(inbox, change(inbox, event.data, (item) => cancelled(item, event.data.reason ?? "", event)));
    case "task.closed":
      return change(inbox, event.data, (item) =>
        ended(withTask(item, { status: "closed", accepted: event.data.accepted }), "expired"),
      );
    case "assignment.changed":
      return assigned(inbox, event.data.assignment);
    case "duty.changed":
      return onDuty(inbox, event.data.duty, event.data.reason);
    default:
      return inbox;
  }
}

/** Take over how duty stands. Newer servers may know reasons that this page does not. */
export function onDuty(inbox: Inbox, duty: Duty, reason?: DutyReason): Inbox {
  return { ...inbox, duty, dutyEnded: duty.on ? undefined : ENDINGS.find((known) => known === reason) };
}

/** Take over one's own part as the server tells it, also before its task has been told. */
export function assigned(inbox: Inbox, assignment: Assignment): Inbox {
  if (assignment.task in inbox.items) return noted(inbox, change(inbox, { task: assignment.task }, (item) => withPart(item, assignment)));
  const newest = Object.entries({ ...inbox.parts, [assignment.task]: assignment }).slice(-MOST_PARTS);
  return { ...inbox, parts: Object.fromEntries(newest) };
}

/** A task may have been called off on one topic before our part in it is told on another. */
function withPart(item: Item, assignment: Assignment): Item {
  const taken = { ...item, assignment };
  return item.task.status === "cancelled" ? ended(taken, "withdrawn") : taken;
}

/** Return what is news of tasks called off: those with a place of this person's, and those that were still to be answered. */
export function newlyCalledOff(before: Inbox, after: Inbox): { mine: string[]; offered: Task[] } {
  const offered = Object.values(after.items).filter(({ task, had }) => {
    const known = before.items[task.id];
    return !had && task.status === "cancelled" && known?.task.status === "called" && known.assignment.status === "offered";
  });
  const mine = Object.keys(after.calledOff ?? {}).filter((task) => !(task in (before.calledOff ?? {})));
  return { mine, offered: offered.map((item) => item.task) };
}

/** The person has read that a task was called off, or why an answer to it was not taken. */
export function read(inbox: Inbox, task: string): Inbox {
  const { [task]: _, ...calledOff } = inbox.calledOff ?? {};
  const { [task]: __, ...refusals } = inbox.refusals ?? {};
  return { ...inbox, calledOff, refusals };
}

/** Note for the person what was called off under them since `before`. */
function noted(before: Inbox, after: Inbox): Inbox {
  const news = Object.values(after.items).filter((item) => item.had && !before.items[item.task.id]?.had);
  if (news.length === 0) return after;
  const calledOff = news.map(({ task }) => [task.id, { title: task.title, reason: task.end_reason }]);
  return { ...after, calledOff: { ...after.calledOff, ...(Object.fromEntries(calledOff) as Record<string, CalledOff>) } };
}

const OPEN: readonly AssignmentStatus[] = ["offered"];
const MINE: readonly AssignmentStatus[] = ["accepted", "reserve"];

/** Tell whether the person has said yes, with a place or without. */
export const takesPart = ({ status }: Assignment): boolean => MINE.includes(status);

/** Tasks that were kept before the server told when they are over are shown until it is asked again. */
const isOver = (task: Partial<Pick<Task, "over_at">>, now: number): boolean =>
  task.over_at !== undefined && Date.parse(task.over_at) <= now;

/** Return the items in three lists, the most urgent of each first. */
export function lists(inbox: Inbox, now: number = clock.now()): { open: Item[]; mine: Item[]; ended: Item[] } {
  const all = Object.values(inbox.items).sort((a, b) => b.assignment.offered_at.localeCompare(a.assignment.offered_at));
  const isRunning = (item: Item) => item.task.status === "called";
  const isOpen = (item: Item) =>
    isRunning(item) && OPEN.includes(item.assignment.status) && Date.parse(item.task.answer_by) > now;
  const isMine = (item: Item) =>
    item.task.status !== "cancelled" &&
    takesPart(item.assignment) &&
    !isOver(item.task, now);
  return {
    open: all.filter(isOpen),
    mine: all.filter((item) => !isOpen(item) && isMine(item)),
    // An answer that was not taken is read before what ended long ago.
    ended: withFirst(inbox.refusals ?? {}, all.filter((item) => !isOpen(item) && !isMine(item))),
  };
}

const withFirst = (first: object, items: Item[]): Item[] => [
  ...items.filter((item) => item.task.id in first),
  ...items.filter((item) => !(item.task.id in first)),
];

/** Return what is kept in the browser: everything open, and the newest ended ones, however many there have been. */
export function worthKeeping(inbox: Inbox, now: number = clock.now()): Inbox {
  const { open, mine, ended } = lists(inbox, now);
  const kept = ended.slice(0, MOST_ENDED);
  if (kept.length === ended.length) return inbox;
  const items = Object.fromEntries([...open, ...mine, ...kept].map((item) => [item.task.id, item]));
  return { ...inbox, items, next: `ended.${kept[kept.length - 1]!.task.id}` };
}

function called(inbox: Inbox, task: Task, event: EventFrame): Inbox {
  const { [task.id]: early, ...parts } = inbox.parts ?? {};
  const known = inbox.items[task.id];
  if (known && isOld(known.task, task.revision)) return inbox;
  const assignment: Assignment = known?.assignment ?? early ?? {
    task: task.id,
    volunteer: inbox.number,
    status: "offered",
    offered_at: event.at,
    answered_at: null,
    eta_at: null,
    reason: "",
    way: null,
    noted_by: null,
  };
  const item = { task, assignment, origin: { topic: event.topic, seq: event.seq } };
  return { ...inbox, items: { ...inbox.items, [task.id]: item }, parts };
}

/** What an event tells of a task. Events that were stored before the server counted have no `revision`: they are never old. */
type Told = { task: string; revision?: number };

function change(inbox: Inbox, { task, revision }: Told, edit: (item: Item) => Item): Inbox {
  const item = inbox.items[task];
  if (!item || isOld(item.task, revision)) return inbox;
  return { ...inbox, items: { ...inbox.items, [task]: edit(revision === undefined ? item : withTask(item, { revision })) } };
}

/** Topics have no order between them: the task may be known from a later moment, by a snapshot or another topic. */
const isOld = (known: Partial<Task>, revision: number | undefined): boolean =>
  known.revision !== undefined && revision !== undefined && revision < known.revision;

const withTask = (item: Item, fields: Partial<Task>): Item => ({ ...item, task: { ...item.task, ...fields } });

/** What this page alone knows stays. Where a snapshot tells the cancellation, the offer's place in the log is not its. */
function withKnown(offer: Offer, known: Item | undefined): Item {
  const had = known?.had ?? (isCalledOff(offer.task) && !isCalledOff(known?.task) ? placeOf(known?.assignment) : undefined);
  const isSame = known && isCalledOff(offer.task) === isCalledOff(known.task);
  return { ...offer, ...(known?.origin && isSame ? { origin: known.origin } : {}), ...(had ? { had } : {}) };
}

const isCalledOff = (task: Task | undefined): boolean => task?.status === "cancelled";

const placeOf = (part: Assignment | undefined): AssignmentStatus | undefined =>
  part && takesPart(part) ? part.status : undefined;

function cancelled(item: Item, reason: string, { topic, seq }: EventFrame): Item {
  const task = withTask(item, { status: "cancelled", end_reason: reason, legal_basis: "" });
  return { ...ended(task, "withdrawn"), origin: { topic, seq } };
}

function ended(item: Item, status: "withdrawn" | "expired"): Item {
  // A volunteer in reserve when a task closes stays there: a place that is given back is still theirs.
  const running = status === "withdrawn" ? [...OPEN, ...MINE] : OPEN;
  if (!running.includes(item.assignment.status)) return item;
  const had = status === "withdrawn" ? placeOf(item.assignment) : undefined;
  return { ...item, assignment: { ...item.assignment, status }, ...(had ? { had } : {}) };
}
