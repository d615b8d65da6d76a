"""What time brings to people: duty and suspensions end by themselves, and what is no longer needed is forgotten."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.volunteers import services
from backend.volunteers.services import applications, standing


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(seconds=30))
def end_suspensions(*, at: datetime) -> int:
    """Reinstate those whose suspension is over; returns how many."""
    return standing.end_suspensions(at=at)


@due(every=timedelta(hours=1))
def forget_applications(*, at: datetime) -> int:
    """Delete applications that were decided more than 90 days ago; returns how many."""
    return applications.forget_applications(at=at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return services.forget_duty_periods(at=at)
