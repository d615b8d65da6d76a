"""What time brings to applications."""

from datetime import datetime, timedelta

from backend.joining.services import applications
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted


@due(every=timedelta(hours=1))
def forget_applications(*, at: datetime) -> int:
    """Delete applications that were decided more than 90 days ago; returns how many."""
    return report_deleted("decided applications", applications.forget_applications(at=at), at=at)
