"""Announces changes of access: within a second every hub reviews the sockets of the people concerned."""

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
"""Replaces a topic: all sockets with a topic that was joined by `topic.join`."""


def access_changed(topics: Iterable[str], *, at: datetime) -> None:
    """Have every hub review the topics of all people who have joined one of `topics`.

    For one person name their own topic; for all people of a unit, however many, the unit's. Call it inside the
    transaction that changes posts, memberships or units. A change that time alone brings is announced in advance: `at`
    is the moment from which it holds. The row decides: hubs that miss the announcement find it by their poll.
    """
    moment = now()
    changes = [(uuid7(), topic) for topic in dict.fromkeys(topics)]
    # Stamped by the clock and not by the act, which may have waited for locks: the poll looks back only a few seconds.
    insert_rows(AccessChange, [{"id": id, "topic": topic, "at": max(at, moment)} for id, topic in changes])
    if at <= moment:
        transaction.on_commit(lambda: bus.announce_access(changes))


def move_changes(before: str, after: str) -> None:
    """Move future changes of one person's topic to another: their posts were handed on, or their number changed."""
    AccessChange.objects.filter(topic=before, at__gt=now()).update(topic=after)


def changes_between(since: datetime, until: datetime) -> Sequence[tuple[UUID, str]]:
    """Return the changes in a time: (id, topic), in the order of the moments from which they hold."""
    rows = AccessChange.objects.filter(at__gt=since, at__lte=until).order_by("at")
    return list(rows.values_list("id", "topic")[:MAX_CHANGES])


MAX_CHANGES = 10_000
"""Changes that one look takes; later ones are found by the review of all sockets every ten minutes."""
