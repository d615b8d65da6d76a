"""Scheduled work of realtime: old events, revocations and keys of acts are trimmed in small steps.

The audit is a lower layer and cannot register work; its rows are linked from here.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from backend.audit.services import advance_chain
from backend.realtime import keys
from backend.realtime.clock import due
from backend.realtime.deletions import report_any_deleted
from backend.realtime.log.trimming import trim_topic
from backend.realtime.models import AccessChange, Event, Revocation, Topic

STEP = 1_000


@due(every=timedelta(minutes=1))
def trim_events(*, at: datetime) -> int:
    """Trim events that are too old or too many, and store the new start of each topic; returns how many."""
    old = Event.objects.filter(at__lt=at - settings.MUSTER.events_kept).order_by("at")
    ends: dict[str, int] = {}
    for name, seq in old.values_list("topic_id", "seq")[:STEP]:
        ends[name] = max(seq, ends.get(name, 0))
    trimmed = sum(trim_topic(name, seq) for name, seq in ends.items()) + trim_long_topics()
    return report_any_deleted("events", trimmed, at=at)


def trim_long_topics() -> int:
    """Trim topics that hold more events than the limit; returns how many events were deleted."""
    kept = settings.MUSTER.events_kept_per_topic
    long = Topic.objects.filter(head__gt=F("trimmed_to") + kept)[:20]
    return sum(trim_topic(topic.name, min(topic.head - kept, topic.trimmed_to + STEP)) for topic in long)


@transaction.atomic
@due(every=timedelta(minutes=10))
def trim_revocations(*, at: datetime) -> int:
    """Delete revocations and changes of access that every process knows by now, and keys above a person's limit."""
    trimmed = 0
    for model in (Revocation, AccessChange):
        old = model.objects.filter(at__lt=at - timedelta(days=1)).order_by("id")
        trimmed += model.objects.filter(pk__in=list(old.values_list("id", flat=True)[:STEP])).delete()[0]
    return report_any_deleted(
        "revocations, surplus keys of acts", trimmed + keys.forget_surplus_keys(limit=STEP), at=at
    )


@due(every=timedelta(minutes=1))
def trim_keys(*, at: datetime) -> int:
    """Delete expired keys of acts, with the secrets that some hold for minutes."""
    return report_any_deleted("keys of acts", keys.forget_keys(at=at, limit=STEP), at=at)


@due(every=timedelta(seconds=1))
def link_audit(*, at: datetime) -> int:
    """Give committed rows of the audit their places in the chain; returns how many."""
    return advance_chain(at=at)
