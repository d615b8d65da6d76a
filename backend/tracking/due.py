"""Scheduled work of tracking: expired tracks and last places are deleted, withdrawn volunteers stay off the map."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from backend.lib.dialect import on_postgresql
from backend.lib.retention import keep
from backend.realtime.clock import due
from backend.realtime.deletions import report_any_deleted
from backend.tracking.models import Fix, LatestPosition, Tracker, TrackerDay
from backend.tracking.partitions import drop_partitions, make_partitions_ahead
from backend.tracking.services import withdrawn

STEP = 1_000
TRACKS_KEPT = timedelta(days=30)
PLACES_KEPT = timedelta(hours=1)

keep("revoked trackers", Tracker.objects.over_since, kept=timedelta(days=90))
keep(
    "reports of trackers that were not stored",
    lambda moment: TrackerDay.objects.filter(day__lt=moment.date()),
    kept=timedelta(days=8),
)


@due(every=timedelta(minutes=10))
def trim_tracks(*, at: datetime) -> int:
    """Delete tracks after 30 days: whole days on PostgreSQL, rows on SQLite; returns how many days or rows."""
    if on_postgresql():
        return report_any_deleted("days of tracks", drop_partitions(before=at - TRACKS_KEPT), at=at)
    old = Fix.objects.filter(at__lt=at - TRACKS_KEPT).order_by("at")
    last = list(old.values_list("at", flat=True)[:STEP])[-1:]
    return report_any_deleted(
        "fixes of tracks", Fix.objects.filter(at__lte=last[0]).delete()[0] if last else 0, at=at
    )


@due(every=timedelta(minutes=10))
def trim_places(*, at: datetime) -> int:
    """Delete the last places of people who were off the map for an hour, or silent for a whole duty.

    A task ends by time alone, and no act takes its volunteers off the map. Returns how many.
    """
    off_the_map = Q(scope="", received_at__lt=at - PLACES_KEPT)
    silent = Q(received_at__lt=at - settings.MUSTER.max_duty)
    gone = LatestPosition.objects.filter(off_the_map | silent)
    step = list(gone.values_list("pk", flat=True)[:STEP])
    return report_any_deleted("last places", gone.filter(pk__in=step).delete()[0], at=at)


@due(every=timedelta(hours=1))
def make_room_for_tracks(*, at: datetime) -> int:
    """Create the partitions of the next days before they begin; returns how many."""
    return make_partitions_ahead(at=at)


@due(every=timedelta(seconds=5))
def forget_who_withdrew(*, at: datetime) -> int:
    """Take volunteers off the map who withdrew while their report was being stored; returns how many."""
    return withdrawn.forget_who_withdrew(at=at)
