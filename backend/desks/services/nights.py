"""Nights that no person covers are said the day before; what is over long ago is deleted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from backend.accounts.acting import acting
from backend.desks.acts import Acts
from backend.desks.models import Desk, HandOver, NightTold, Shift
from backend.desks.queries.plans import Plan, plan_of, plans_of
from backend.desks.queries.turns import Stretch
from backend.desks.services.leaving import tell_uncovered
from backend.volunteers.models import Unit, not_retired

BEGINS, ENDS = time(20), time(7)
"""A night, by the clocks of the unit."""
SAID_FROM = time(9)
"""From this hour of the day before it is said."""
PORTION, STEP = 500, 5_000
"""Desks that are read together, and rows of one kind that are deleted together."""
SHIFTS_KEPT, HAND_OVERS_KEPT = timedelta(days=90), timedelta(days=366)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Night:
    """The night that begins on the evening of a day, in a zone."""

    day: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """When it begins."""
        return datetime.combine(self.day, BEGINS, self.zone).astimezone(UTC)

    @property
    def until(self) -> datetime:
        """When it ends, in the morning."""
        return datetime.combine(self.day + _DAY, ENDS, self.zone).astimezone(UTC)


def nights_to_say(zone: ZoneInfo, at: datetime) -> list[Night]:
    """Return the nights of which leaders are told now: tomorrow's from 09:00 on, and today's until it begins."""
    local = at.astimezone(zone)
    tonight, next_one = Night(local.date(), zone), Night(local.date() + _DAY, zone)
    is_due = {tonight: at < tonight.since, next_one: local.time() >= SAID_FROM}
    return [night for night, due in is_due.items() if due]


def tell_nights(*, at: datetime) -> int:
    """Tell the leaders of units of nights in which hours are not covered, once for each; returns of how many nights.

    Reads the desks in portions; each night is told in a transaction of its own.
    """
    units = Unit.objects.filter(not_retired(), desk__isnull=False).order_by("pk")
    keys, told = list(units.values_list("pk", flat=True)), 0
    for start in range(0, len(keys), PORTION):
        portion = list(Unit.objects.filter(pk__in=keys[start : start + PORTION]))
        said = set(NightTold.objects.filter(unit__in=portion).values_list("unit", "night"))
        for plan in plans_of(portion, at=at).values():
            for night in nights_to_say(plan.zone, at):
                if (plan.unit.pk, night.day) not in said and _gaps(plan, night):
                    told += tell_night(unit=plan.unit, night=night, at=at)
    return told


def _gaps(plan: Plan, night: Night) -> list[Stretch]:
    return plan.gaps(night.since, night.until)


@transaction.atomic
def tell_night(*, unit: Unit, night: Night, at: datetime) -> bool:
    """Tell the leaders of a unit of the hours of a night that no person covers; returns whether they were told now.

    The row of the night is unique: of two processes that tell at the same moment one waits, and tells nothing.
    """
    gaps = _gaps(plan_of(unit, at=at), night)
    if not gaps or not Desk.objects.filter(unit=unit).exists():
        return False
    _row, is_first = NightTold.objects.get_or_create(unit=unit, night=night.day, defaults={"at": at})
    if not is_first:
        return False
    with acting(by=None, at=at) as act:
        tell_uncovered(unit, gaps, because="night", act=act)
        minutes = sum((until - since for since, until in gaps), timedelta()) // timedelta(minutes=1)
        act.record(Acts.DESK_GAP_TOLD, f"unit.{unit.pk}", minutes=minutes)
    return True


@transaction.atomic
def forget_desks(*, at: datetime) -> int:
    """Delete shifts that were over 90 days ago, and hand-overs a year old, at most 5,000 of each; returns how many."""
    NightTold.objects.filter(at__lt=at - SHIFTS_KEPT).delete()
    count = _delete(Shift.objects.over_since(at - SHIFTS_KEPT))
    count += _delete(HandOver.objects.given_before(at - HAND_OVERS_KEPT))
    if count:
        with acting(by=None, at=at) as act:
            act.record(Acts.DESK_FORGOTTEN, "desks", count=count)
    return count


def _delete(rows: QuerySet[Any]) -> int:
    step = list(rows.order_by("pk").values_list("pk", flat=True)[:STEP])
    return rows.filter(pk__in=step).delete()[0]
