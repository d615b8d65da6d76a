"""The event log: gapless sequence numbers per topic, in commit order."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from backend.realtime import bus
from backend.realtime.events import Event
from backend.realtime.frames import Audience, Message, encode_event
from backend.realtime.models import Event as EventRow
from backend.realtime.models import Topic

_CLOCK = {"postgresql": "clock_timestamp()", "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"}
"""The database's own clock: the hubs compare these stamps, and the clocks of machines differ."""

_NEXT = """
    INSERT INTO realtime_topic (name, head, trimmed_to, moved_at) VALUES (%s, 1, 0, {clock})
    ON CONFLICT (name) DO UPDATE SET head = realtime_topic.head + 1, moved_at = excluded.moved_at
    RETURNING head
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
    may lose them, the hubs' poll then finds them here.
    """
    given = list(announcements)
    assert connection.in_atomic_block, "publish inside the transaction that does the act"
    messages: dict[int, Message] = {}
    for index in sorted(range(len(given)), key=lambda i: given[i].topic):
        messages[index] = _append(given[index], at)
    in_order = [messages[index] for index in range(len(given))]
    transaction.on_commit(lambda: bus.announce(in_order))
    return [message.seq for message in in_order]


def _append(announcement: Announcement, at: datetime) -> Message:
    event, audience = announcement.event, announcement.audience
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(clock=_CLOCK[connection.vendor]), [announcement.topic])
        seq = int(cursor.fetchone()[0])
    data = event.model_dump_json()
    EventRow.objects.create(
        topic_id=announcement.topic,
        seq=seq,
        type=event.event_type,
        data=json.loads(data),
        at=at,
        audience=audience.model_dump(mode="json", exclude_none=True) if audience else None,
    )
    return encode_event(announcement.topic, seq, event.event_type, at, data, audience)


def heads(topics: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return (head, trimmed_to) of each topic that has events."""
    rows = Topic.objects.filter(name__in=list(topics)).values_list("name", "head", "trimmed_to")
    return {name: (head, trimmed_to) for name, head, trimmed_to in rows}


def moved_since(moment: datetime) -> list[tuple[str, int, datetime]]:
    """Return (name, head, moved_at) of the topics that moved at or after `moment`."""
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
