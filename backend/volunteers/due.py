"""What time brings to people: duty ends by itself, its record is forgotten, counts and rosters are put right."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.volunteers import services
from backend.volunteers.services import counts, roster


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return services.forget_duty_periods(at=at)


@due(every=timedelta(minutes=1))
def repair_counts(*, at: datetime) -> int:
    """Count some units again, those first that were counted the longest ago; returns how many counts were wrong."""
    return counts.repair_counts(at=at)


@due(every=timedelta(seconds=10))
def fill_roster_gaps(*, at: datetime) -> int:  # noqa: ARG001  # the clock gives it to everybody
    """Copy to new memberships what a roster needs and they were made without; returns how many."""
    return roster.fill_roster_gaps()
