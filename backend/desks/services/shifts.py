"""The plan of a desk is edited: shifts are added and removed, and never overlap."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.desks.acts import Acts
from backend.desks.models import Desk, Shift
from backend.desks.queries.plans import fit_for, places_of
from backend.desks.queries.turns import overlap_of
from backend.desks.schemas import ShiftIn
from backend.desks.services.desks import DeskMissing, lock_desk, telling_changes
from backend.lib.errors import SENT_BEFORE, Invalid, NotFound, Refusal, require
from backend.lib.made import Made, unless_taken
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import may_manage
from backend.volunteers.schemas.availability import minutes_of

MOST_SHIFTS = 200
"""Shifts of a desk that are not over."""
PLANNED_AHEAD = timedelta(days=366)


class ShiftIdTaken(Refusal):
    """There is another shift with this id; make a new one."""

    slug = "shift-id-taken"
    text = SENT_BEFORE


class ShiftsOverlap(Refusal):
    """Another shift of this desk takes place in some of these hours; `shift` is its id."""

    slug = "shifts-overlap"
    text = _("Another shift of this desk takes place in some of these hours. Remove or shorten it first.")

    def __init__(self, shift: UUID) -> None:
        super().__init__()
        self.shift = shift

    @property
    def members(self) -> dict[str, Any]:
        """The id of the shift that is in the plan already."""
        return {"shift": str(self.shift)}


class TooManyShifts(Refusal):
    """A plan may hold 200 shifts that are not over; remove some first."""

    slug = "too-many-shifts"
    text = _("A plan may hold 200 shifts. Remove some first, or plan by the week.")


@transaction.atomic
def add_shift(*, unit: Unit, wanted: ShiftIn, by: User, at: datetime) -> Made[Shift]:
    """Put a shift into the plan of a unit's desk. The same id and content again is a retry and returns the first.

    Locks its people, then the unit. Raises NotFound unless `by` manages the unit; NoDeskHere, DeskMissing,
    ShiftIdTaken, ShiftsOverlap, TooManyShifts, or Invalid naming the field.
    """
    grant = require(may_manage(by, unit, at))
    first, deputy = _people(wanted)
    unit = lock_desk(unit)
    shift = _shift(wanted, unit, first, deputy, at)
    known = Shift.objects.select_related("volunteer", "deputy").filter(pk=wanted.id).first()
    if known is not None:
        require(_content(known) == _content(shift), ShiftIdTaken)
        return Made(known, is_new=False)
    require(Desk.objects.filter(unit=unit).exists(), DeskMissing)
    _check(shift, at)
    with acting(by=by, at=at, grant=grant) as act, telling_changes(unit, act=act):
        with unless_taken(ShiftIdTaken):
            shift.save(force_insert=True)
        act.record(
            Acts.SHIFT_ADDED,
            f"shift.{shift.pk}",
            volunteer=shift.volunteer.number,
            deputy=deputy.number if deputy else None,
        )
    return Made(shift, is_new=True)


@transaction.atomic
def remove_shift(*, unit: Unit, shift_id: UUID, by: User, at: datetime) -> None:
    """Take a shift out of the plan of a unit's desk. Locks the unit.

    Raises NotFound unless `by` manages the unit and the shift is in its plan; NoDeskHere.
    """
    grant = require(may_manage(by, unit, at))
    unit = lock_desk(unit)
    shift = require(Shift.objects.select_related("volunteer").filter(pk=shift_id, unit=unit).first())
    with acting(by=by, at=at, grant=grant) as act, telling_changes(unit, act=act):
        shift.delete()
        act.record(Acts.SHIFT_REMOVED, f"shift.{shift_id}", volunteer=shift.volunteer.number)


def _people(wanted: ShiftIn) -> tuple[Volunteer, Volunteer | None]:
    """Return the people of a shift, locked. Raises Invalid: a number that leads to none is like one elsewhere."""
    first = _numbered(wanted.volunteer, "/volunteer")
    deputy = _numbered(wanted.deputy, "/deputy") if wanted.deputy is not None else None
    if deputy is not None and deputy.pk == first.pk:
        raise Invalid(errors=[{"pointer": "/deputy", "detail": "must be another volunteer"}])
    keys = [first.pk, *([deputy.pk] if deputy else [])]
    locked = {one.pk: one for one in volunteers_to_lock().filter(pk__in=keys).order_by("pk")}
    return locked[first.pk], locked[deputy.pk] if deputy else None


def _numbered(text: str, pointer: str) -> Volunteer:
    try:
        return volunteer_numbered(text)
    except NotFound as error:
        raise _unfit(pointer) from error


def _unfit(pointer: str) -> Invalid:
    detail = "names no volunteer in service with a membership or post in this unit or below"
    return Invalid(errors=[{"pointer": pointer, "detail": detail}])


def _check(shift: Shift, at: datetime) -> None:
    """Raise the refusal of a new shift, if there is one."""
    _check_people(shift, at)
    _check_time(shift, at)
    others = list(Shift.objects.not_over(at).filter(unit=shift.unit))
    require(len(others) < MOST_SHIFTS, TooManyShifts)
    other = overlap_of(shift, others, ZoneInfo(shift.unit.zone))
    if other is not None:
        raise ShiftsOverlap(other.pk)


def _check_people(shift: Shift, at: datetime) -> None:
    people = {"/volunteer": shift.volunteer, "/deputy": shift.deputy}
    named = {pointer: one for pointer, one in people.items() if one is not None}
    places = places_of([one.pk for one in named.values()], at=at)
    for pointer, one in named.items():
        if not fit_for(shift.unit, [one.pk], places):
            raise _unfit(pointer)


def _check_time(shift: Shift, at: datetime) -> None:
    today = at.astimezone(ZoneInfo(shift.unit.zone)).date()
    if shift.from_at is not None and shift.until_at is not None:
        if not (at < shift.until_at and shift.from_at <= at + PLANNED_AHEAD):
            detail = "must end later than now, and begin within a year"
            raise Invalid(errors=[{"pointer": "/once", "detail": detail}])
    elif shift.until_date is not None and shift.until_date < today:
        raise Invalid(errors=[{"pointer": "/weekly/until_date", "detail": "must not be over"}])


def _shift(wanted: ShiftIn, unit: Unit, first: Volunteer, deputy: Volunteer | None, at: datetime) -> Shift:
    shift = Shift(pk=wanted.id, unit=unit, volunteer=first, deputy=deputy, made_at=at)
    if wanted.once is not None:
        shift.from_at, shift.until_at = wanted.once.from_at, wanted.once.until_at
        shift.before_week = wanted.once.before_week
    if wanted.weekly is not None:
        shift.weekday, shift.minutes = wanted.weekly.weekday, wanted.weekly.minutes
        shift.from_minute = minutes_of(wanted.weekly.start)
        shift.from_date, shift.until_date = wanted.weekly.from_date, wanted.weekly.until_date
    return shift


def _content(shift: Shift) -> tuple[object, ...]:
    """Return what a retry must say again."""
    return (
        *(shift.unit_id, shift.volunteer_id, shift.deputy_id, shift.from_at, shift.until_at),
        *(shift.before_week, shift.weekday, shift.from_minute, shift.minutes),
        *(shift.from_date, shift.until_date),
    )
