"""What time brings to applications."""

from datetime import datetime, timedelta

from backend.joining.models import Application
from backend.joining.services import applications
from backend.lib.retention import keep
from backend.realtime.clock import due
from backend.realtime.deletions import report_deleted

keep("undecided applications", Application.objects.waiting_since, kept=timedelta(days=180))


@due(every=timedelta(hours=1))
def forget_applications(*, at: datetime) -> int:
    """Delete applications that were decided more than 90 days ago; returns how many."""
    return report_deleted("decided applications", applications.forget_applications(at=at), at=at)
