"""Tells the hubs that people may see other topics than before: within a second they look again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from uuid6 import uuid7

from backend.lib.bulk import insert_rows
from backend.lib.clock import now
from backend.realtime.log import bus
from backend.realtime.models import AccessChange

WATCHERS = "*"
"""In place of a topic: all sockets that have joined a topic by `topic.join`."""


def access_changed(topics: Iterable[str], *, at: datetime) -> None:
    """Have every hub read again which topics the people are to have who have joined one of `topics`.

    For one person that is their own topic; for all people of a unit, however many, the unit's. Call it inside the
    transaction that changes posts, memberships or units. What will change by time alone is said beforehand: `at` is the
    moment from which it holds. The row is what counts: hubs that miss the announcement find it by their poll.
    """
    moment = now()
    changes = [(uuid7(), topic) for topic in dict.fromkeys(topics)]
    # Stamped by the clock and not by the act, which may have waited for locks: the poll looks back a few seconds.
    insert_rows(AccessChange, [{"id": id, "topic": topic, "at": max(at, moment)} for id, topic in changes])
    if at <= moment:
        transaction.on_commit(lambda: bus.announce_access(changes))


def move_changes(before: str, after: str) -> None:
    """Let what is still to come for one person's topic be for another: posts have been handed on, or the number."""
    AccessChange.objects.filter(topic=before, at__gt=now()).update(topic=after)


def changes_between(since: datetime, until: datetime) -> Sequence[tuple[UUID, str]]:
    """Return what has changed in a time: (id, topic), in the order of the moments from which it holds."""
    rows = AccessChange.objects.filter(at__gt=since, at__lte=until).order_by("at")
    return list(rows.values_list("id", "topic")[:MAX_CHANGES])


MAX_CHANGES = 10_000
"""Changes that one look takes; what is beyond is found by the review of all sockets every ten minutes."""
