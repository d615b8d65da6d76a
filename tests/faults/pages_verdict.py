"""The verdict on a schedule of the pages' client: what each page knows and was told, against what the server holds."""

import asyncio
import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg

from backend.realtime.frames import Audience
from simulator.checker import LATER, LogRow, tags_of
from tests.faults.pages import Pages, Phone

SETTLES_WITHIN_S = 45.0
EVENTS = "SELECT topic_id, seq, type, audience, data FROM realtime_event"
KEYS = "SELECT person, key FROM realtime_keyedact"
RECEIPTS = "SELECT person, topic, delivered FROM realtime_receipt"

View = Mapping[str, Any]
"""What a page says of itself, and what the server says of its person: see `frontend/harness/phone.ts`, `CatchUpOut`."""


@dataclass
class Facts:
    """What the log and the tables of keys and receipts hold for the people of a schedule."""

    log: Mapping[str, Sequence[LogRow]]
    parts: Mapping[tuple[int, str], Sequence[str]]
    """What became of each person's part in a task, event by event."""
    keys: Collection[tuple[int, str]]
    receipts: Mapping[tuple[int, str], int] = field(default_factory=dict)


@dataclass
class Verdict:
    """What is wrong for good, and what may still come right."""

    wrong: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    events: int = 0
    acts: int = 0
    stories: dict[str, str] = field(default_factory=dict)
    """What phones were told."""


async def settle(pages: Pages) -> Verdict:
    """Wait until every page knows what the server knows; what is still different at the end is wrong."""
    await pages.finish()
    until = time.monotonic() + SETTLES_WITHIN_S
    while True:
        views = [(phone, await pages.node.ask(phone.name, "view")) for phone in pages.phones]
        verdict = await judge(pages, views)
        if verdict.wrong or not verdict.pending:
            return verdict
        if time.monotonic() > until:
            return replace(verdict, wrong=verdict.pending, pending=[])
        await asyncio.sleep(0.3)


async def judge(pages: Pages, views: Sequence[tuple[Phone, View]]) -> Verdict:
    """Compare views with what the server says a moment later: then only what is missing can be premature."""
    truths = {
        number: await account.call("POST", "/api/v1/catch-up", {"cursors": {}})
        for number, account in pages.accounts.items()
    }
    facts = await asyncio.to_thread(
        read_facts, pages, [topic for one in truths.values() for topic in one["topics"]]
    )
    verdict = Verdict(list(pages.failures))
    for phone, view in views:
        blocked = phone.network.blocks
        truth = truths[phone.number]
        person = truth["topics"][f"person.{phone.number:08d}"]["snapshot"]
        story = Story.told(view["notes"])
        faults = [
            *story.faults(facts.log, phone.number, tags_of(person["me"]) | {"adult"}),
            *alarm_faults(view),
        ]
        faults += act_faults(phone, view, facts)
        late = [*busy_faults(view, blocked=blocked), *state_faults(view, truth, person)]
        late += (
            receipt_faults(story, phone, facts)
            + story.lost
            + (wish_faults(view, person) if phone.alone else [])
        )
        verdict.stories[f"phone {phone.name}"] = f"{phone.number}: {story}"
        verdict.wrong += [f"phone {phone.name}: {fault}" for fault in faults]
        verdict.pending += [f"phone {phone.name}: {fault}" for fault in late]
        verdict.events += sum(note["what"] == "event" for note in view["notes"])
        verdict.acts += len(view["acts"])
    return verdict


def busy_faults(view: View, *, blocked: bool) -> list[str]:
    """Return why a page is not at rest: not connected, or with acts that wait."""
    faults = [f"{act['type']} {act['key']} has no answer" for act in view["acts"] if not act["outcome"]]
    if view["waiting"]:
        faults.append(f"{view['waiting']} acts still wait")
    if view["phase"] != "open" and not blocked:
        faults.append(f"is {view['phase']}")
    return faults


def _as_told(duty: View) -> View:
    """Return what events tell of a duty: off duty, tasks change `tracked` without one."""
    return {name: duty.get(name) for name in ("on", "until", *(["tracked"] if duty["on"] else []))}


def state_faults(view: View, truth: View, person: View) -> list[str]:
    """Return how cursors, duty and inbox differ from the server's."""
    heads = {topic: joined["head"] for topic, joined in truth["topics"].items()}
    faults = []
    if view["cursors"] != heads:
        faults.append(f"cursors {view['cursors']}, the server's {heads}")
    if view["epoch"] != truth["epoch"]:
        faults.append(f"epoch {view['epoch']}")
    duty, its = (_as_told(one) for one in (view["inbox"]["duty"], person["me"]["duty"]))
    if duty != its:
        faults.append(f"duty {duty}, the server's {its}")
    mine = {task: known(offer) for task, offer in view["inbox"]["items"].items()}
    theirs = {offer["task"]["id"]: known(offer) for offer in person["offers"]["items"]}
    different = (task for task in sorted(mine.keys() | theirs.keys()) if mine.get(task) != theirs.get(task))
    return faults + [f"task {task}: {differences(mine.get(task), theirs.get(task))}" for task in different]


def known(offer: View) -> dict[str, Any]:
    """Return what a page can know of an offer: how many have accepted is told only when it is enough, or no more."""
    task: dict[str, Any] = dict(offer["task"])
    part = offer["assignment"]
    accepted = task.pop("accepted")
    if task["status"] == "called":
        task["full"] = accepted >= task["headcount"]
    return {**{f"task.{name}": value for name, value in task.items()}, **part}


def differences(mine: View | None, theirs: View | None) -> str:
    """Name what two descriptions of an offer disagree in."""
    if mine is None or theirs is None:
        return "not known" if mine is None else "not the server's"
    different = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    return ", ".join(f"{name} {mine.get(name)!r}, the server's {theirs.get(name)!r}" for name in different)


def alarm_faults(view: View) -> list[str]:
    """Return which orders were alarmed twice."""
    alarms: Counter[str] = Counter(view["alarms"])
    return [f"alarmed {times} times for task {task}" for task, times in alarms.items() if times > 1]


def act_faults(phone: Phone, view: View, facts: Facts) -> list[str]:
    """Return which acts were not done although they were answered, or done although refused, or done twice."""
    faults: list[str] = []
    given: Counter[str] = Counter()
    for act in view["acts"]:
        outcome = act["outcome"]
        done = (phone.number, UUID(act["key"]).hex) in facts.keys
        if outcome and "forgotten" not in outcome and done != ("result" in outcome):
            faults.append(f"{act['type']} {act['key']}: answered {outcome}, done: {done}")
        if act["type"] == "assignment.answer" and not (outcome and "problem" in outcome):
            given[act["body"]["task"]] += 1
    for (number, task), states in facts.parts.items():
        # Who is in reserve moves up without doing anything.
        own = sum(
            after != "accepted" or before != "reserve"
            for before, after in zip(["", *states], states, strict=False)
        )
        if phone.alone and number == phone.number and own > given[task]:
            faults.append(f"task {task}: {given[task]} answers changed the part {own} times: {states}")
    return faults


def receipt_faults(story: "Story", phone: Phone, facts: Facts) -> list[str]:
    """Return where the server does not know that the page has received what it was told."""
    faults = []
    for topic, reached in story.reached().items():
        known = facts.receipts.get((phone.number, topic), 0)
        if known < reached:
            faults.append(f"{topic}: receipted up to {known}, told up to {reached}")
    return faults


def wish_faults(view: View, person: View) -> list[str]:
    """Return where the last that was asked for, and not refused, is not what holds."""
    last: dict[str | None, Any] = {}
    for act in view["acts"]:
        if "problem" not in (act["outcome"] or {}):
            last[act["body"].get("task")] = act
    for act in view["acts"]:
        if "forgotten" in (act["outcome"] or {}):  # it may have been done since, or not
            last.pop(act["body"].get("task"), None)
    duty = last.pop(None, None)
    faults = []
    if duty and duty["body"]["on"] != person["me"]["duty"]["on"]:
        faults.append(f"asked for duty {duty['body']['on']} at last, it is {person['me']['duty']['on']}")
    parts = {offer["task"]["id"]: offer["assignment"]["status"] for offer in person["offers"]["items"]}
    for task, act in last.items():
        told = "declined" if act["body"]["answer"] == "decline" else "reserve"
        if parts.get(task) not in LATER[told]:
            faults.append(f"task {task}: answered {act['body']['answer']} at last, it is {parts.get(task)}")
    return faults


@dataclass
class Stretch:
    """A topic from a snapshot on, as far as it was followed; `end` is None when that is not known."""

    start: int
    shown: list[tuple[int, str]] = field(default_factory=list)
    open: bool = True
    end: int | None = None


@dataclass
class Story:
    """What a page was told, topic by topic."""

    stretches: dict[str, list[Stretch]] = field(default_factory=lambda: defaultdict(list))
    odd: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    notes: Sequence[View] = ()

    def __str__(self) -> str:
        return "; ".join(" ".join(str(part) for part in note.values()) for note in self.notes)

    @classmethod
    def told(cls, notes: Sequence[View]) -> "Story":
        """Read what a page wrote down."""
        story = cls(notes=notes)
        for note in notes:
            story._take(note)
        return story

    def _take(self, note: View) -> None:
        match note["what"]:
            case "snapshot":
                self._begin(note["topic"], note["seq"])
            case "event":
                self._show(note["topic"], note["seq"], note["type"])
            case "reached":
                pass
            case "renewed" | "revoked":
                self._end(note["topic"], note.get("seq"))
            case _:
                for topic in self.stretches:
                    self._end(topic, None)

    def _current(self, topic: str) -> Stretch | None:
        of_topic = self.stretches[topic]
        return of_topic[-1] if of_topic and of_topic[-1].open else None

    def _begin(self, topic: str, head: int) -> None:
        current = self._current(topic)
        if current is not None:
            # A page that knows nothing yet may have asked by both doors.
            reached = current.shown[-1][0] if current.shown else head
            if head != reached:
                self.odd.append(f"{topic}: a snapshot at {head} although it had got to {reached}")
            self._end(topic, None)
        self.stretches[topic].append(Stretch(head))

    def _show(self, topic: str, seq: int, type: str) -> None:
        current = self._current(topic)
        if current is None:
            self.odd.append(f"{topic}: {type} {seq} without a snapshot before it")
        else:
            current.shown.append((seq, type))

    def reached(self) -> dict[str, int]:
        """Return the last that was told of each topic that is followed."""
        currents = {topic: current for topic in list(self.stretches) if (current := self._current(topic))}
        return {topic: one.shown[-1][0] if one.shown else one.start for topic, one in currents.items()}

    def _end(self, topic: str, at: int | None) -> None:
        current = self._current(topic)
        if current is not None:
            current.open = False
            # What makes a page read anew has been shown, though the cursor has not passed it yet.
            current.end = at if at is None else max(at, *(seq for seq, _ in current.shown), 0)

    def faults(self, log: Mapping[str, Sequence[LogRow]], number: int, tags: Collection[str]) -> list[str]:
        """Return what was shown twice, out of order or to the wrong person; what is missing goes to `lost`."""
        faults = list(self.odd)
        for topic, of_topic in self.stretches.items():
            rows = [row for row in log.get(topic, ()) if row.is_for(number, tags)]
            for stretch in of_topic:
                faults += self._compare(topic, stretch, rows)
        return faults

    def _compare(self, topic: str, stretch: Stretch, rows: Sequence[LogRow]) -> list[str]:
        seqs = [seq for seq, _ in stretch.shown]
        faults = [f"{topic}: shown twice: {seq}" for seq, times in Counter(seqs).items() if times > 1]
        if seqs != sorted(seqs):
            faults.append(f"{topic}: out of order: {seqs}")
        end = (
            stretch.end
            if stretch.end is not None
            else (None if stretch.open else max(seqs, default=stretch.start))
        )
        want = {
            (row.seq, row.type) for row in rows if stretch.start < row.seq and (end is None or row.seq <= end)
        }
        if foreign := sorted(set(stretch.shown) - want):
            faults.append(f"{topic}: not for this person: {foreign}")
        if lost := sorted(want - set(stretch.shown)):
            told = f"{topic}: lost: {lost}"
            # What comes after it has come: it will not.
            faults.append(told) if seqs and lost[0][0] < max(seqs) else self.lost.append(told)
        return faults


def read_facts(pages: Pages, topics: Collection[str]) -> Facts:
    """Read the log of the topics, and which keys are known."""
    events, keys, receipts = _rows(pages)
    log: defaultdict[str, list[LogRow]] = defaultdict(list)
    parts: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for topic, seq, type, audience, data in events:
        if topic not in topics and not topic.startswith("unit."):
            continue
        limits = Audience.of_stored(_parsed(audience) or {})
        numbers = None if limits.numbers is None else frozenset(limits.numbers)
        log[topic].append(LogRow(seq, type, numbers, frozenset(limits.tags or ())))
        if type == "assignment.changed":
            part = _parsed(data)["assignment"]
            parts[int(topic.removeprefix("person.")), part["task"]].append(part["status"])
    return Facts(
        log,
        parts,
        {(person, UUID(str(key)).hex) for person, key in keys},
        {(person, topic): delivered for person, topic, delivered in receipts},
    )


def _rows(pages: Pages) -> Iterator[list[Any]]:
    database = pages.ground.stage.environment["DATABASE_URL"]
    wanted = (f"{EVENTS} ORDER BY topic_id, seq", KEYS, RECEIPTS)
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=10)) as file:
            yield from [file.execute(one).fetchall() for one in wanted]
    else:
        with psycopg.connect(database) as connection:
            yield from [connection.execute(one).fetchall() for one in wanted]


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
