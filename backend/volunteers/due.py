"""What time brings to people: duty ends by itself, and its record is forgotten."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.volunteers import services
from backend.volunteers.services import consents, retention


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return services.forget_duty_periods(at=at)


@due(every=timedelta(hours=1))
def keep_to_limits(*, at: datetime) -> int:
    """Delete what has been kept long enough; returns how much. `manage.py retention_report` tells of each kind."""
    return retention.keep_to_limits(at=at)


@due(every=timedelta(seconds=5))
def forget_who_withdrew(*, at: datetime) -> int:
    """Take those off the map who withdrew while a report of theirs was being stored; returns how many."""
    return consents.forget_who_withdrew(at=at)
