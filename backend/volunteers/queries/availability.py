"""Reads when people plan to be available."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from backend.accounts.models import User
from backend.volunteers.models import DatedAvailability, WeeklyAvailability
from backend.volunteers.schemas.availability import AvailabilityOut, HoursOut, PeriodOut, clock_of

DEFAULT_ZONE = "Asia/Shanghai"


def availability_of(user: User, *, at: datetime) -> AvailabilityOut:
    """Return what a user plans: hours of the week, and periods that have not passed."""
    volunteer = user.volunteer
    hours = volunteer.weekly_availability.order_by("weekday", "from_minute")
    periods = volunteer.dated_availability.not_over(at).order_by("from_at")
    return AvailabilityOut(
        zone=zone_of(user),
        weekly=[
            HoursOut(weekday=row.weekday, start=clock_of(row.from_minute), end=clock_of(row.until_minute))
            for row in hours
        ],
        periods=[
            PeriodOut(from_at=row.from_at, until_at=row.until_at, available=row.available) for row in periods
        ],
    )


def zone_of(user: User) -> str:
    """Return the zone in which a user's hours are meant: that of the primary unit."""
    zones = user.volunteer.memberships.filter(is_primary=True).values_list("unit__zone", flat=True)
    return zones.first() or DEFAULT_ZONE


def planned(zones: Mapping[int, str], *, at: datetime) -> dict[int, bool]:
    """Return whether volunteers, given by key with the zone of each, plan to be available at `at`; two queries.

    A period counts before the week; of two periods counts the one that began last. A volunteer without a plan is
    missing.
    """
    hours: defaultdict[int, list[WeeklyAvailability]] = defaultdict(list)
    for row in WeeklyAvailability.objects.filter(volunteer__in=zones):
        hours[row.volunteer_id].append(row)
    found = {
        volunteer: any(_covers(row, at.astimezone(ZoneInfo(zones[volunteer]))) for row in rows)
        for volunteer, rows in hours.items()
    }
    periods = DatedAvailability.objects.current(at).filter(volunteer__in=zones)
    found |= dict(periods.order_by("from_at").values_list("volunteer", "available"))
    return found


def _covers(row: WeeklyAvailability, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    return row.weekday == local.weekday() and row.from_minute <= minute < row.until_minute
