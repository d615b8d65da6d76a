"""The event log: gapless sequence numbers per topic, in commit order."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from backend.lib.rows import insert_rows
from backend.realtime import bus
from backend.realtime.events import Event
from backend.realtime.frames import Audience, Message, encode_event
from backend.realtime.models import Event as EventRow
from backend.realtime.models import Topic

_NEXT_ON_POSTGRESQL = """
    INSERT INTO realtime_topic (name, head, trimmed_to, moved_at)
    SELECT name, events, 0, clock_timestamp() FROM unnest(%s::text[], %s::bigint[])
        WITH ORDINALITY AS asked (name, events, place) ORDER BY place
    ON CONFLICT (name) DO UPDATE SET head = realtime_topic.head + excluded.head, moved_at = excluded.moved_at
    RETURNING name, head
"""
_NEXT_ON_SQLITE = """
    INSERT INTO realtime_topic (name, head, trimmed_to, moved_at)
    VALUES (%s, %s, 0, STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW'))
    ON CONFLICT (name) DO UPDATE SET head = realtime_topic.head + excluded.head, moved_at = excluded.moved_at
    RETURNING name, head
"""
"""The stamps are the database's own: the hubs compare them, and the clocks of machines differ. Rows are locked in the
order in which they are given."""


_MOVED = """
    SELECT coalesce(json_agg(json_build_array(name, head, moved_at)), '[]')::text
    FROM realtime_topic WHERE moved_at >= %s
"""

MAX_REPLAY = 1_000
"""Events of one topic that a phone is sent again; whoever is further behind starts from a snapshot."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event for one topic, and for whom in it (None: everyone who has joined)."""

    topic: str
    event: Event
    audience: Audience | None = None


def publish(topic: str, event: Event, *, at: datetime, audience: Audience | None = None) -> int:
    """Append one event inside the caller's transaction and return its sequence number."""
    return publish_all([Announcement(topic, event, audience)], at=at)[0]


def publish_all(announcements: Iterable[Announcement], *, at: datetime) -> list[int]:
    """Append events inside the caller's transaction and return their sequence numbers, in the order given.

    Takes the lock of each topic's row until the commit, in the order of their names, so that two transactions never
    wait for each other. Call it once, as the last act of a service. After the commit the frames go to the bus; the bus
    may lose them, the hubs' poll then finds them here. On PostgreSQL the number of statements does not grow with the
    number of events up to a thousand.
    """
    given = list(announcements)
    assert connection.in_atomic_block, "publish inside the transaction that does the act"
    if not given:
        return []
    events = Counter(announcement.topic for announcement in given)
    last = _advance(events)
    messages, rows = [], []
    for announcement in given:
        events[announcement.topic] -= 1
        seq = last[announcement.topic] - events[announcement.topic]
        message, row = _entry(announcement, seq, at)
        messages.append(message)
        rows.append(row)
    insert_rows(EventRow, sorted(rows, key=lambda row: str(row["topic_id"])))
    transaction.on_commit(lambda: bus.announce(messages))
    return [message.seq for message in messages]


def _advance(events: Mapping[str, int]) -> dict[str, int]:
    """Take so many numbers of each topic, in the order of their names; returns the last number of each."""
    names = sorted(events)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_NEXT_ON_POSTGRESQL, [names, [events[name] for name in names]])
            return dict(cursor.fetchall())
        last: dict[str, int] = {}
        for name in names:
            cursor.execute(_NEXT_ON_SQLITE, [name, events[name]])
            last.update([cursor.fetchone()])
        return last


def _entry(announcement: Announcement, seq: int, at: datetime) -> tuple[Message, dict[str, Any]]:
    """Return one event as it goes over the wire, and as it is kept."""
    topic, event, audience = announcement.topic, announcement.event, announcement.audience
    data = event.model_dump_json()
    row = {
        "topic_id": topic,
        "seq": seq,
        "type": event.event_type,
        "data": json.loads(data),
        "at": at,
        "audience": audience.model_dump(mode="json", exclude_none=True) if audience else None,
    }
    return encode_event(topic, seq, event.event_type, at, data, audience), row


def heads(topics: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return (head, trimmed_to) of each topic that has events."""
    rows = Topic.objects.filter(name__in=list(topics)).values_list("name", "head", "trimmed_to")
    return {name: (head, trimmed_to) for name, head, trimmed_to in rows}


def moved_since(moment: datetime) -> list[tuple[str, int, datetime]]:
    """Return (name, head, moved_at) of the topics that moved at or after `moment`.

    Every hub asks once a second, and after thousands of answers thousands of topics have moved. PostgreSQL returns them
    as one JSON document: the driver would spend most of the time on the stamps.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_MOVED, [moment])
            rows = json.loads(cursor.fetchone()[0])
        return [(name, head, datetime.fromisoformat(moved_at)) for name, head, moved_at in rows]
    return list(Topic.objects.filter(moved_at__gte=moment).values_list("name", "head", "moved_at"))


def read(ranges: dict[str, tuple[int, int]], *, limit: int = 10_000) -> list[Message]:
    """Return the events of several topics, `after < seq <= until`, in order; one query."""
    wanted = Q()
    for name, (after, until) in ranges.items():
        wanted |= Q(topic_id=name, seq__gt=after, seq__lte=until)
    if not wanted:
        return []
    rows = (
        EventRow.objects.filter(wanted)
        .order_by("topic_id", "seq")
        .values_list("topic_id", "seq", "type", "at", "data", "audience")
    )
    return [
        encode_event(
            name,
            seq,
            type,
            at,
            json.dumps(data, ensure_ascii=False, separators=(",", ":")),
            Audience.model_validate(audience) if audience else None,
        )
        for name, seq, type, at, data, audience in rows[:limit]
    ]
