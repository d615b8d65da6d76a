"""What time brings to what is kept."""

from datetime import datetime, timedelta

from backend.privacy.services import retention
from backend.realtime.clock import due


@due(every=timedelta(hours=1))
def keep_to_limits(*, at: datetime) -> int:
    """Delete what has been kept long enough; returns how much. `manage.py retention_report` tells of each kind."""
    return retention.keep_to_limits(at=at)
