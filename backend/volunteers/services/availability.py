"""People say when they plan to be available."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from backend.audit.services import record
from backend.lib.errors import Invalid
from backend.volunteers.models import DatedAvailability, User, Volunteer, WeeklyAvailability
from backend.volunteers.queries.availability import availability_of
from backend.volunteers.schemas.availability import AvailabilityIn, AvailabilityOut, minutes_of

PLANNED_AHEAD = timedelta(days=366)


@transaction.atomic
def plan_availability(*, wanted: AvailabilityIn, by: User, at: datetime) -> AvailabilityOut:
    """Put a plan in the place of the one before; again changes nothing. Locks the volunteer.

    Raises Invalid for a period that is over, or begins in more than a year.
    """
    errors = [
        {"pointer": f"/periods/{n}", "detail": "must end later than now, and begin within a year"}
        for n, period in enumerate(wanted.periods)
        if period.until_at <= at or period.from_at > at + PLANNED_AHEAD
    ]
    if errors:
        raise Invalid(errors=errors)
    volunteer = Volunteer.objects.select_for_update().get(user=by)
    volunteer.weekly_availability.all().delete()
    volunteer.dated_availability.all().delete()
    WeeklyAvailability.objects.bulk_create(
        WeeklyAvailability(
            volunteer=volunteer,
            weekday=hours.weekday,
            from_minute=minutes_of(hours.start),
            until_minute=minutes_of(hours.end),
        )
        for hours in wanted.weekly
    )
    DatedAvailability.objects.bulk_create(
        DatedAvailability(
            volunteer=volunteer, from_at=one.from_at, until_at=one.until_at, available=one.available
        )
        for one in wanted.periods
    )
    planned: dict[str, Any] = {"weekly": len(wanted.weekly), "periods": len(wanted.periods)}
    record("availability.planned", subject=f"volunteer.{volunteer.pk}", by=by, at=at, **planned)
    return availability_of(by, at=at)
