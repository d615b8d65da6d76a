"""What time brings to leaders' words."""

from datetime import datetime, timedelta

from backend.readiness.services.words import forget_words
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted


@due(every=timedelta(hours=1))
def forget_old_words(*, at: datetime) -> int:
    """Delete leaders' words that ended more than a year ago; returns how many."""
    return report_deleted("leaders' words on waking", forget_words(at=at), at=at)
