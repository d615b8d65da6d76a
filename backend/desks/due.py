"""What time brings to duty desks."""

from datetime import datetime, timedelta

from backend.desks.services import nights
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted


@due(every=timedelta(minutes=10))
def tell_uncovered_nights(*, at: datetime) -> int:
    """Tell leaders the day before of nights in which no person is on the desk; returns of how many nights."""
    return nights.tell_nights(at=at)


@due(every=timedelta(hours=1))
def forget_desks(*, at: datetime) -> int:
    """Delete shifts and hand-overs that were over long ago; returns how many."""
    return report_deleted("shifts and hand-overs of desks", nights.forget_desks(at=at), at=at)
