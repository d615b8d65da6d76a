import { expect, test } from "vitest";
import type { EventFrame, MapFrame, PersonSnapshot, Progress, ServerFrames, TaskDetail } from "muster-client";
import { progressed } from "../src/console/board";
import { counted } from "../src/leader/watch";
import { Picture } from "../src/map/picture";
import { apply, emptyInbox, fromSnapshot, type Inbox } from "../src/me/inbox";
import day from "./recorded/day.json";
import far from "./recorded/far.json";
import near from "./recorded/near.json";

/** What the server told a volunteer and a leader on one day, and after each act what it would have told anew. */
interface Step {
  events: EventFrame[];
  snapshot: Partial<PersonSnapshot>;
  tasks: TaskDetail[];
  counts: Record<string, Progress>;
}

const steps = day as unknown as Step[];
const number = day[0]!.number!;
const isOf = (kind: string) => (event: EventFrame) => event.topic.startsWith(`${kind}.`);
const forVolunteer = (step: Step) => step.events.filter((event) => !isOf("task")(event));

/**
 * What the page shows of an inbox, in both ways to it.
 *
 * Not how many have accepted: answers of others are not told to those who were asked. Not whether positions are taken off duty:
 * that follows from the tasks. Where an offer was announced, and which place was lost, only events tell.
 */
function shown({ duty, items }: Inbox) {
  const offers = Object.entries(items).map(([id, { task, assignment }]) => [id, { task: { ...task, accepted: 0 }, assignment }]);
  return { duty: { ...duty, tracked: duty.on && duty.tracked }, items: Object.fromEntries(offers) as object };
}

const began = (step: Step): Inbox => fromSnapshot(emptyInbox(number), step.snapshot);

test.each(steps.map((_, place) => place))("the inbox of step %i and the events after it are a fresh inbox, at each later step", (from) => {
  let inbox = began(steps[from]!);
  for (const step of steps.slice(from + 1)) {
    inbox = forVolunteer(step).reduce(apply, inbox);
    expect(shown(inbox)).toEqual(shown(began(step)));
  }
});

test("topics have no order between them: whichever comes first, the inbox ends the same", () => {
  const events = steps.flatMap(forVolunteer);
  const [own, units] = [events.filter(isOf("person")), events.filter(isOf("unit"))];
  const last = shown(began(steps[steps.length - 1]!));
  for (let seed = 1; seed <= 50; seed++) {
    const mixed = mixedBy(seed, own, units);
    expect(shown(mixed.reduce(apply, began(steps[0]!)))).toEqual(last);
  }
});

/** Put two rows together in an order that a seed decides, each keeping its own. */
function mixedBy(seed: number, one: EventFrame[], other: EventFrame[]): EventFrame[] {
  const rest = [[...one], [...other]] as [EventFrame[], EventFrame[]];
  let chance = seed * 2_654_435_761;
  const mixed: EventFrame[] = [];
  while (rest[0].length + rest[1].length > 0) {
    chance = (chance * 1_103_515_245 + 12_345) % 2_147_483_648;
    const [row, left] = chance % 3 === 0 ? rest : [rest[1], rest[0]];
    const next = row.shift() ?? left.shift();
    if (next) mixed.push(next);
  }
  return mixed;
}

test("events and counts of tasks lead the leader's and the commander's pages to what a fresh reading says", () => {
  let tasks: TaskDetail[] = [];
  for (const step of steps) {
    const fresh = new Map(step.tasks.map((detail) => [detail.task.id, detail]));
    const isNew = (detail: TaskDetail) => !tasks.some(({ task }) => task.id === detail.task.id);
    tasks = [...tasks, ...step.tasks.filter(isNew)];
    tasks = step.events.filter(isOf("task")).reduce((known, event) => progressed(known, event as ServerFrames["task.progressed"]), tasks);
    // The board shows who accepted at once; the other counts come with `task.counts`, or are read.
    const atOnce = ({ task, progress }: TaskDetail) => ({ task, accepted: progress.accepted });
    for (const detail of tasks) if (fresh.has(detail.task.id)) expect(atOnce(detail)).toEqual(atOnce(fresh.get(detail.task.id)!));
    tasks = tasks.map((detail) => counted(detail, step.counts[detail.task.id] ?? detail.progress));
    for (const detail of tasks) if (fresh.has(detail.task.id)) expect(detail).toEqual(fresh.get(detail.task.id));
  }
  expect(tasks).toHaveLength(4);
});

test.each([["near", near], ["far", far]])("the map that is %s and its changes are what a console is sent that comes now", (_, told) => {
  const picture = new Picture();
  for (const { frames, fresh } of told as unknown as { frames: MapFrame[]; fresh: MapFrame[] }[]) {
    const anew = new Picture();
    frames.forEach((frame) => picture.take(frame));
    fresh.forEach((frame) => anew.take(frame));
    expect([new Map(picture.people), new Map(picture.cells)]).toEqual([anew.people, anew.cells]);
    expect(picture.count().n).toBeGreaterThan(0);
  }
});
