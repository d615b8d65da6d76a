"""Has the rooms' rows deleted that were kept long enough, and keeps a report of it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from backend.lib.retention import LIMITS, Limit
from backend.privacy.models import RetentionRun


def keep_to_limits(*, at: datetime) -> int:
    """Delete what is past its limit, at most 5,000 rows of each kind; returns how many. The report tells of each.

    Tasks, call-outs, assignments and the audit have no limit: service records are kept 10 years at least.
    """
    return sum(_delete(kind, limit, at) for kind, limit in LIMITS.items())


def note_deleted(kind: str, count: int, *, at: datetime) -> None:
    """Add to the report what was deleted of a kind on this day; a count of 0 says that the clock looked."""
    line, _ = RetentionRun.objects.get_or_create(day=at.date(), kind=kind, defaults={"last_at": at})
    RetentionRun.objects.filter(pk=line.pk).update(deleted=F("deleted") + count, last_at=at)


@transaction.atomic
def _delete(kind: str, limit: Limit, at: datetime) -> int:
    deleted = limit.delete(at=at)
    note_deleted(kind, deleted, at=at)
    return deleted
