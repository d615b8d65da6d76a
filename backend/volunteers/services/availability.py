"""People say when they plan to be available."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pydantic
from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import Invalid
from backend.volunteers.acts import Acts
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import DatedAvailability, Volunteer, WeeklyAvailability
from backend.volunteers.queries.availability import availability_of
from backend.volunteers.schemas.availability import (
    AvailabilityIn,
    AvailabilityOut,
    HoursIn,
    HoursOut,
    PeriodIn,
    PeriodOut,
    minutes_of,
)

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
    volunteer = _lock(by)
    plan = availability_of(by, at=at)
    if _is_planned(wanted, plan):
        return plan
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
    with acting(by=by, at=at) as act:
        subject = f"volunteer.{volunteer.pk}"
        act.record(Acts.AVAILABILITY_PLANNED, subject, weekly=len(wanted.weekly), periods=len(wanted.periods))
    return availability_of(by, at=at)


@transaction.atomic
def add_to_plan(
    *, hours: Sequence[HoursIn] = (), periods: Sequence[PeriodIn] = (), by: User, at: datetime
) -> AvailabilityOut:
    """Add entries to a plan. Locks the volunteer.

    Raises Invalid for entries that overlap, are too much, or lie outside the time of a plan.
    """
    _lock(by)
    plan = availability_of(by, at=at)
    try:
        wanted = AvailabilityIn.model_validate(
            {
                "weekly": [one.model_dump() for one in (*plan.weekly, *hours)],
                "periods": [one.model_dump() for one in (*plan.periods, *periods)],
            }
        )
    except pydantic.ValidationError as error:
        raise Invalid(
            errors=[{"pointer": "", "detail": "overlaps with another entry, or is too much"}]
        ) from error
    return plan_availability(wanted=wanted, by=by, at=at)


@transaction.atomic
def take_from_plan(
    *, hours: HoursOut | None = None, period: PeriodOut | None = None, by: User, at: datetime
) -> AvailabilityOut:
    """Take an entry from a plan; one that is not there changes nothing. Locks the volunteer."""
    _lock(by)
    plan = availability_of(by, at=at)
    if hours not in plan.weekly and period not in plan.periods:
        return plan
    wanted = AvailabilityIn.model_validate(
        {
            "weekly": [one.model_dump() for one in plan.weekly if one != hours],
            "periods": [one.model_dump() for one in plan.periods if one != period],
        }
    )
    return plan_availability(wanted=wanted, by=by, at=at)


def _is_planned(wanted: AvailabilityIn, plan: AvailabilityOut) -> bool:
    """Tell whether a plan says the same, in any order."""
    said, known = (
        (
            sorted((hours.weekday, minutes_of(hours.start), minutes_of(hours.end)) for hours in one.weekly),
            sorted((period.from_at, period.until_at, period.available) for period in one.periods),
        )
        for one in (wanted, plan)
    )
    return said == known


def _lock(user: User) -> Volunteer:
    return volunteers_to_lock().get(user=user)
