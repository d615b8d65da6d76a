"""What time brings to people: duty and suspensions end, imports go on, counts are put right."""

from datetime import datetime, timedelta

from backend.realtime.clock import due
from backend.volunteers import services
from backend.volunteers.queries import number_use
from backend.volunteers.queries.reach import whose_last_device_ran_out
from backend.volunteers.services import (
    applications,
    consents,
    counts,
    devices,
    retention,
    roster,
    second_factors,
    standing,
)
from backend.volunteers.services.import_work import turn
from backend.volunteers.services.imports import forget_unstarted


@due(every=timedelta(seconds=5))
def end_overlong_duty(*, at: datetime) -> int:
    """End the duty that has reached its maximum length; returns of how many."""
    return services.end_overlong_duty(at=at)


@due(every=timedelta(minutes=1))
def end_duty_of_run_out(*, at: datetime) -> int:
    """End the duty of those whose last sign-in has run out: nothing reaches them; returns of how many."""
    users = [volunteer.user for volunteer in whose_last_device_ran_out(at).select_related("user")[:500]]
    for user in users:
        devices.end_duty_of_run_out(user=user, at=at)
    return len(users)


@due(every=timedelta(seconds=5))
def end_suspensions(*, at: datetime) -> int:
    """Reinstate those whose suspension is over; returns how many."""
    return standing.end_suspensions(at=at)


@due(every=timedelta(hours=1))
def forget_applications(*, at: datetime) -> int:
    """Delete applications that were decided more than 90 days ago; returns how many."""
    return _reported("decided applications", applications.forget_applications(at=at), at)


@due(every=timedelta(hours=1))
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that ended more than a week ago; returns of how many."""
    return _reported("times of duties", services.forget_duty_periods(at=at), at)


@due(every=timedelta(seconds=1))
def go_on_with_imports(*, at: datetime) -> int:
    """Begin to work on the import that waits longest, or go on with one that was broken off; returns of how many."""
    return turn(at=at)


@due(every=timedelta(hours=1))
def forget_unstarted_imports(*, at: datetime) -> int:
    """Forget the people of imports that nobody started within a week; returns how many imports."""
    return _reported("imports that nobody started", forget_unstarted(at=at), at)


@due(every=timedelta(minutes=1))
def repair_counts(*, at: datetime) -> int:
    """Count some units again, those first that were counted the longest ago; returns how many counts were wrong."""
    return counts.repair_counts(at=at)


@due(every=timedelta(seconds=10))
def fill_roster_gaps(*, at: datetime) -> int:  # noqa: ARG001  # the clock gives it to each
    """Copy to new memberships what a roster needs and they were made without; returns how many."""
    return roster.fill_roster_gaps()


@due(every=timedelta(hours=1))
def keep_to_limits(*, at: datetime) -> int:
    """Delete what has been kept long enough; returns how much. `manage.py retention_report` tells of each kind."""
    return retention.keep_to_limits(at=at)


@due(every=timedelta(seconds=5))
def forget_who_withdrew(*, at: datetime) -> int:
    """Take those off the map who withdrew while a report of theirs was being stored; returns how many."""
    return consents.forget_who_withdrew(at=at)


@due(every=timedelta(hours=1))
def forget_challenges(*, at: datetime) -> int:
    """Delete the sign-ins that waited for a second factor and are over since a day; returns of how many."""
    return _reported("sign-ins without a second factor", second_factors.forget_challenges(at=at), at)


@due(every=timedelta(hours=1))
def warn_of_numbers(*, at: datetime) -> int:  # noqa: ARG001  # the clock gives it to each
    """Log a warning when half of the volunteer numbers are used up; returns of how many series."""
    return number_use.warn_of_numbers()


def _reported(kind: str, deleted: int, at: datetime) -> int:
    """Put what was deleted on the report of retention, and return it."""
    retention.note_deleted(kind, deleted, at=at)
    return deleted
