"""What time brings to people: duty ends by itself, and its record is forgotten."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.volunteers import services
from backend.volunteers.services import second_factors


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return services.forget_duty_periods(at=at)


@due(every=timedelta(hours=1))
def forget_challenges(*, at: datetime) -> int:
    """Delete the sign-ins that waited for a second factor and are over since a day; returns of how many."""
    return second_factors.forget_challenges(at=at)
