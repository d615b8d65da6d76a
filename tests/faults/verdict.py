"""The verdict on one schedule: everything that phones and leaders were told, against everything the database holds."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from backend.realtime.frames import Audience
from simulator.checker import (
    LogRow,
    TaskRow,
    answer_faults,
    journal_faults,
    key_faults,
    log_faults,
    task_faults,
)
from simulator.journal import Journal
from simulator.phone import Phone
from simulator.watcher import Watcher
from tests.faults.field import Field
from tests.faults.orders import Orders

SETTLES_WITHIN_S = 60.0

_EVENTS = """
    SELECT event.topic_id, event.seq, event.type, event.audience
    FROM realtime_event event JOIN unnest(%s::text[], %s::bigint[]) AS after(topic, seq)
    ON event.topic_id = after.topic AND event.seq > after.seq
    ORDER BY event.topic_id, event.seq
"""
_TASKS = """
    SELECT task.id::text, task.status, task.headcount, task.accepted,
        (SELECT count(*) FROM dispatch_assignment part WHERE part.task_id = task.id AND part.status = 'accepted'),
        (SELECT count(*) FROM realtime_event event WHERE event.topic_id = 'unit.' || unit.number
            AND event.type = 'task.called' AND event.data -> 'task' ->> 'id' = task.id::text),
        (SELECT count(*) FROM realtime_event event WHERE event.topic_id = 'unit.' || unit.number
            AND event.type = 'task.cancelled' AND event.data ->> 'task' = task.id::text)
    FROM dispatch_task task JOIN volunteers_unit unit ON unit.id = task.unit_id WHERE task.id = ANY(%s::uuid[])
"""
_PARTS = """
    SELECT volunteer.number, part.task_id::text, part.status
    FROM dispatch_assignment part JOIN volunteers_volunteer volunteer ON volunteer.id = part.volunteer_id
    WHERE part.task_id = ANY(%s::uuid[])
"""
_KEYS = "SELECT key::text FROM realtime_keyedact WHERE key = ANY(%s::uuid[])"


@dataclass(frozen=True)
class Facts:
    """What the database holds, all of one moment."""

    log: Mapping[str, Sequence[LogRow]]
    heads: Mapping[str, int]
    tasks: Mapping[str, TaskRow]
    parts: Mapping[tuple[int, str], str]
    keys: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """What is wrong; `pending` may still be on its way."""

    wrong: list[str]
    pending: list[str]
    shown: int = 0


async def settle(field: Field, orders: Orders) -> Verdict:
    """Wait until every phone has what the log holds for it, then judge; what is still pending then is wrong."""
    until = time.monotonic() + SETTLES_WITHIN_S
    away = await field.missing(SETTLES_WITHIN_S)
    wrong = [
        f"{phone.account.identifier}: not connected, {phone.stopped or phone.closed_with}" for phone in away
    ]
    await orders.finish()
    while not wrong:
        verdict = await _judge(field, orders)
        if verdict.wrong or not verdict.pending:
            return verdict
        if time.monotonic() > until:
            return Verdict(verdict.pending, [], verdict.shown)
        await field.missing(5)
        await asyncio.sleep(0.2)
    return Verdict(wrong, [])


async def _judge(field: Field, orders: Orders) -> Verdict:
    """Compare what was shown by now with what the log holds a moment later: then only losses can be premature."""
    busy = [f"{phone.account.identifier}: busy" for phone in field.phones if not phone.is_idle]
    if busy:
        return Verdict([], busy)
    journals = [(phone, phone.journal.copy()) for phone in field.phones]
    starts = _starts(orders, (journal for _, journal in journals))
    keys = [key for phone in field.phones for key, _ in phone.replies]
    answered = {task for phone in field.phones for task in phone.answers}
    tasks = sorted({order.task for order in orders.orders} | answered)
    facts = await asyncio.to_thread(read_facts, field.postgres.url, starts, tasks, keys)
    found = [fault for phone, journal in journals for fault in _phone_faults(field, phone, journal, facts)]
    pending = [fault for fault in found if "lost" in fault or "never joined" in fault]
    wrong = [fault for fault in found if fault not in pending]
    wrong += [
        *log_faults(facts.log, starts, facts.heads),
        *_audience_faults(field, facts),
        *_order_faults(orders, facts),
        *_act_faults(field, facts),
    ]
    shown = sum(len(stream.shown) for _, journal in journals for stream in journal.streams.values())
    return Verdict(wrong, pending, shown)


def _starts(orders: Orders, journals: Iterable[Journal]) -> dict[str, int]:
    """Return for each topic where the phone begins that has got least far; tasks of this schedule are new."""
    starts: dict[str, int] = {}
    for journal in journals:
        for topic, stream in journal.streams.items():
            starts[topic] = min(stream.start, starts.get(topic, stream.start))
    return starts | {f"task.{order.task}": 0 for order in orders.orders}


def _phone_faults(field: Field, phone: Phone, journal: Journal, facts: Facts) -> list[str]:
    number = int(phone.account.identifier)
    own = {f"person.{number:08d}", f"unit.{field.units[number]}"}
    if isinstance(phone, Watcher):
        own |= phone.watched
    return journal_faults(journal, facts.log, number=number, own=own)


def _audience_faults(field: Field, facts: Facts) -> list[str]:
    """Return the events that name people of another unit: the log's own audience is judged too."""
    return [
        f"{topic}: event {row.seq} is for people of another unit"
        for topic, rows in facts.log.items()
        if topic.startswith("unit.")
        for row in rows
        if any(field.units[number] != topic.removeprefix("unit.") for number in row.numbers or ())
    ]


def _order_faults(orders: Orders, facts: Facts) -> list[str]:
    found = [
        fault
        for order in orders.orders
        for fault in task_faults(
            facts.tasks.get(order.task), id=order.task, called=order.called, cancelled=order.cancelled
        )
    ]
    return [*orders.failures(), *found]


def _act_faults(field: Field, facts: Facts) -> list[str]:
    replies = [reply for phone in field.phones for reply in phone.replies]
    outcomes = [
        (int(phone.account.identifier), task, answer.outcome)
        for phone in field.phones
        for task, answer in phone.answers.items()
    ]
    return [*key_faults(replies, facts.keys), *answer_faults(outcomes, facts.parts)]


def read_facts(database: str, starts: Mapping[str, int], tasks: Sequence[str], keys: Sequence[str]) -> Facts:
    """Read everything in one transaction that sees one moment; of each topic what follows `starts`."""
    log: defaultdict[str, list[LogRow]] = defaultdict(list)
    with psycopg.connect(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for topic, seq, type, audience in connection.execute(_EVENTS, [list(starts), list(starts.values())]):
            limits = Audience.of_stored(audience or {})
            numbers = limits.numbers
            tags = frozenset(limits.tags or ())
            log[topic].append(LogRow(seq, type, None if numbers is None else frozenset(numbers), tags))
        heads = connection.execute(
            "SELECT name, head FROM realtime_topic WHERE name = ANY(%s)", [list(starts)]
        ).fetchall()
        task_rows = [TaskRow(*row) for row in connection.execute(_TASKS, [list(tasks)])]
        parts = connection.execute(_PARTS, [list(tasks)]).fetchall()
        results = connection.execute(_KEYS, [list(keys)]).fetchall()
    return Facts(
        log=log,
        heads=dict(heads),
        tasks={row.id: row for row in task_rows},
        parts={(number, task): status for number, task, status in parts},
        keys=frozenset(key for (key,) in results),
    )


class Played:
    """What the schedules of this run have come to, for the last lines of pytest."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()

    def add(self, field: Field, orders: Orders, verdict: Verdict) -> None:
        """Count one schedule."""
        self.sums["schedules"] += 1
        self.sums["orders"] += len(orders.orders)
        self.sums["events shown"] += verdict.shown
        self.sums["answers and other acts"] += sum(len(phone.replies) for phone in field.phones)
        self.sums["violations"] += len(verdict.wrong)

    def __str__(self) -> str:
        return ", ".join(f"{number:,} {what}" for what, number in self.sums.items())
