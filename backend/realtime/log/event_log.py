"""The event log: gapless sequence numbers per topic, in commit order."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from backend.lib.bulk import insert_rows
from backend.lib.dialect import on_postgresql
from backend.realtime.events import Event
from backend.realtime.frames import Audience, Message, encode_event
from backend.realtime.log import bus, epochs
from backend.realtime.models import Event as EventRow
from backend.realtime.models import Topic

_NEXT_ON_POSTGRESQL = """
    INSERT INTO realtime_topic (name, head, trimmed_to, moved_at)
    SELECT name, events, 0, clock_timestamp() FROM unnest(%s::text[], %s::bigint[])
        WITH ORDINALITY AS asked (name, events, place) ORDER BY place
    ON CONFLICT (name) DO UPDATE SET head = realtime_topic.head + excluded.head, moved_at = excluded.moved_at
    RETURNING name, head, (SELECT value FROM realtime_epoch WHERE id = 1)
"""
_NEXT_ON_SQLITE = """
    INSERT INTO realtime_topic (name, head, trimmed_to, moved_at)
    VALUES (%s, %s, 0, STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW'))
    ON CONFLICT (name) DO UPDATE SET head = realtime_topic.head + excluded.head, moved_at = excluded.moved_at
    RETURNING name, head, (SELECT value FROM realtime_epoch WHERE id = 1)
"""
"""The stamps are the database's own: the hubs compare them, and the clocks of machines differ. Rows are locked in the
given order."""


_HEADS = """
    SELECT name, head, trimmed_to, (SELECT value FROM realtime_epoch WHERE id = 1)
    FROM realtime_topic WHERE name = ANY(%s)
"""
_EVENTS = """
    SELECT e.topic_id, e.seq, e.type, e.at, e.data, e.audience
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS wanted (name, after, until)
    JOIN realtime_event e ON e.topic_id = wanted.name AND e.seq > wanted.after AND e.seq <= wanted.until
    ORDER BY e.topic_id, e.seq
"""
_MOVED = """
    SELECT coalesce(json_agg(json_build_array(name, head, moved_at)), '[]')::text,
        (SELECT value FROM realtime_epoch WHERE id = 1)
    FROM realtime_topic WHERE moved_at >= %s
"""

MAX_REPLAY = 1_000
"""Events of one topic that are replayed to a phone; a phone further behind starts from a snapshot."""
MAX_REPLAY_OF_ALL = 5_000
"""Events of all its topics together that are replayed to a phone."""
READ_AT_ONCE = 10_000
TOPICS_AT_ONCE = 200
"""Events, and topics, that one query reads: SQLite does not allow conditions with a thousand parts."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event for one topic, and its audience (None: everyone who has joined)."""

    topic: str
    event: Event
    audience: Audience | None = None


def publish(topic: str, event: Event, *, at: datetime, audience: Audience | None = None) -> int:
    """Append one event inside the caller's transaction and return its sequence number."""
    return publish_all([Announcement(topic, event, audience)], at=at)[0]


def publish_all(announcements: Iterable[Announcement], *, at: datetime) -> list[int]:
    """Append events inside the caller's transaction and return their sequence numbers, in the given order.

    Locks each topic's row until the commit, in the order of their names, so that two transactions cannot deadlock.
    Call it once, as the last step of a service. After the commit the frames go to the bus. The bus may lose them; then
    the hubs' poll finds them here. On PostgreSQL the number of statements is constant up to a thousand events.
    """
    given = list(announcements)
    assert connection.in_atomic_block, "publish inside the transaction that does the act"
    if not given:
        return []
    events = Counter(announcement.topic for announcement in given)
    last, epoch = _advance(events)
    messages, rows = [], []
    for announcement in given:
        events[announcement.topic] -= 1
        seq = last[announcement.topic] - events[announcement.topic]
        message, row = _entry(announcement, seq, at)
        message.epoch = epoch
        messages.append(message)
        rows.append(row)
    insert_rows(EventRow, sorted(rows, key=lambda row: str(row["topic_id"])))
    transaction.on_commit(lambda: bus.announce(messages))
    return [message.seq for message in messages]


def _advance(events: Mapping[str, int]) -> tuple[dict[str, int], str]:
    """Reserve the next numbers of each topic, in the order of their names; return the last of each, and the epoch."""
    names = sorted(events)
    rows: list[Any] = []
    with connection.cursor() as cursor:
        if on_postgresql():
            cursor.execute(_NEXT_ON_POSTGRESQL, [names, [events[name] for name in names]])
            rows = cursor.fetchall()
        else:
            for name in names:
                cursor.execute(_NEXT_ON_SQLITE, [name, events[name]])
                rows.append(cursor.fetchone())
    return {name: last for name, last, _ in rows}, epochs.known_as(rows[0][2])


def _entry(announcement: Announcement, seq: int, at: datetime) -> tuple[Message, dict[str, Any]]:
    """Return one event in its wire form and in its stored form."""
    topic, event, audience = announcement.topic, announcement.event, announcement.audience
    data = event.model_dump_json()
    row = {
        "topic_id": topic,
        "seq": seq,
        "type": event.event_type,
        "data": json.loads(data),
        "at": at,
        "audience": audience.stored if audience else None,
    }
    return encode_event(topic, seq, event.event_type, at, data, audience), row


Heads = dict[str, tuple[int, int]]
"""(head, trimmed_to) of each topic that has events."""


def heads(topics: Iterable[str]) -> Heads:
    """Return (head, trimmed_to) of each topic that has events."""
    return heads_in_epoch(topics)[0]


def heads_in_epoch(topics: Iterable[str]) -> tuple[Heads, str]:
    """Return (head, trimmed_to) of each topic that has events, and their epoch; mostly one query."""
    names = list(topics)
    if on_postgresql():  # one array, where the ORM would bind thousands of names
        rows = _fetched(_HEADS, [names])
        epoch = rows[0][3] if rows else None
        return {name: (head, trimmed_to) for name, head, trimmed_to, _ in rows}, epochs.known_as(epoch)
    epoch = epochs.current()
    found = Topic.objects.filter(name__in=names).values_list("name", "head", "trimmed_to")
    return {name: (head, trimmed_to) for name, head, trimmed_to in found}, epoch


def moved_since(moment: datetime) -> tuple[list[tuple[str, int, datetime]], str]:
    """Return (name, head, moved_at) of the topics that moved at or after `moment`, and the epoch.

    Every hub asks once a second, and thousands of answers move thousands of topics. PostgreSQL returns them as one JSON
    document, because the driver would spend most of the time on the stamps.
    """
    if on_postgresql():
        ((document, epoch),) = _fetched(_MOVED, [moment])
        rows = json.loads(document)
        moved = [(name, head, datetime.fromisoformat(moved_at)) for name, head, moved_at in rows]
        return moved, epochs.known_as(epoch)
    epoch = epochs.current()
    return list(Topic.objects.filter(moved_at__gte=moment).values_list("name", "head", "moved_at")), epoch


def read_topics(ranges: Mapping[str, tuple[int, int]]) -> dict[str, list[Message]]:
    """Return the events of several topics, `after < seq <= until`, in order; one query for about 200 topics."""
    found: dict[str, list[Message]] = {}
    portion: dict[str, tuple[int, int]] = {}
    size = 0
    for name, (after, until) in ranges.items():
        full = size + until - after > READ_AT_ONCE or len(portion) == TOPICS_AT_ONCE
        if portion and full:
            found |= _read(portion)
            portion, size = {}, 0
        portion[name] = (after, until)
        size += until - after
    return found | _read(portion)


def read(ranges: Mapping[str, tuple[int, int]]) -> list[Message]:
    """Return the events of several topics, `after < seq <= until`, each topic's in order."""
    return [message for messages in read_topics(ranges).values() for message in messages]


def after(messages: list[Message], cursor: int) -> list[Message]:
    """Return the events after the cursor, of one topic in order."""
    return messages[bisect_right(messages, cursor, key=lambda message: message.seq) :]


def _read(ranges: Mapping[str, tuple[int, int]]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for name, seq, type, at, data, audience in _rows(ranges) if ranges else ():
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        for_whom = Audience.of_stored(audience) if audience else None
        found.setdefault(name, []).append(encode_event(name, seq, type, at, text, for_whom))
    return found


def _rows(ranges: Mapping[str, tuple[int, int]]) -> Iterable[Any]:
    """Return (topic, seq, type, at, data, audience) of the events in the ranges, in order."""
    if on_postgresql():
        names, bounds = list(ranges), list(ranges.values())
        rows = _fetched(_EVENTS, [names, [after for after, _ in bounds], [until for _, until in bounds]])
        return (
            (*row, json.loads(data), json.loads(audience) if audience else None)
            for *row, data, audience in rows
        )
    wanted = reduce(
        or_, (Q(topic_id=name, seq__gt=after, seq__lte=until) for name, (after, until) in ranges.items())
    )
    columns = ("topic_id", "seq", "type", "at", "data", "audience")
    return EventRow.objects.filter(wanted).order_by("topic_id", "seq").values_list(*columns)


def _fetched(sql: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows
