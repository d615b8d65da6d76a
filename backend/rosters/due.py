"""What time brings to imports."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted
from backend.rosters.services.differences import forget_undecided
from backend.rosters.services.import_worker import turn
from backend.rosters.services.imports import forget_unstarted


@due(every=timedelta(seconds=1))
def go_on_with_imports(*, at: datetime) -> int:
    """Begin to work on the import that waits longest, or go on with one that was broken off; returns of how many."""
    return turn(at=at)


@due(every=timedelta(hours=1))
def forget_unstarted_imports(*, at: datetime) -> int:
    """Forget the people of imports that were not started within a week; returns how many imports."""
    return report_deleted("imports that nobody started", forget_unstarted(at=at), at=at)


@due(every=timedelta(hours=1))
def forget_undecided_differences(*, at: datetime) -> int:
    """Forget differences that no leader has taken over within a week after their import; returns how many."""
    return report_deleted("roster differences not taken over", forget_undecided(at=at), at=at)
