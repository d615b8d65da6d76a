"""People leave the plans of desks when they retire, are erased or merged, or leave the subtree of the unit."""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Literal
from zoneinfo import ZoneInfo

from backend.accounts.acting import Act
from backend.desks.acts import Acts
from backend.desks.events import DeskChanged, DeskUncovered
from backend.desks.models import HandOver, Shift, ShiftQuerySet
from backend.desks.queries.plans import fit_for, places_of, plan_of
from backend.desks.queries.turns import Stretch, Turn, turns_of
from backend.desks.schemas import HoursUncovered, UncoveredBecause
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.queries.lives import numbers_of_leaders

Cause = Literal["retired", "erased", "left"]
LOOKED_AHEAD = timedelta(days=14)
"""Gaps so far ahead are said when a person leaves the plan; the clock says later ones the day before."""


def leave_plans(volunteer: Volunteer, *, cause: Cause, act: Act, of: ShiftQuerySet | None = None) -> None:
    """Take a locked volunteer out of the shifts that are not over, or of those `of` them.

    A deputy becomes the first person; a shift without one goes. The leaders of the unit are told of the hours that no
    person covers now. No other room's rows are locked.
    """
    shifts = Shift.objects.not_over(act.at) if of is None else of
    rows = shifts.of_person(volunteer).select_related("unit", "volunteer", "deputy").order_by("unit", "pk")
    by_unit: dict[int, list[Shift]] = {}
    for shift in rows:
        by_unit.setdefault(shift.unit_id, []).append(shift)
    for left in by_unit.values():
        unit = left[0].unit
        for shift in left:
            _leave(shift, volunteer, cause, act)
        if any(turn.covers(act.at) for turn in _hours(unit, left, act)):
            act.tell(unit.topic, DeskChanged(unit=unit.number))
        tell_uncovered(unit, _gaps(unit, left, act), because="left", act=act)


def leave_all_plans(volunteer: Volunteer, *, act: Act) -> None:
    """Take a person who is erased out of every plan, and out of what was planned before."""
    leave_plans(volunteer, cause="erased", act=act)
    volunteer.shifts.all().delete()
    volunteer.deputy_shifts.update(deputy=None)


def leave_where_unfit(unit: Unit, volunteers: Sequence[Volunteer], *, act: Act) -> None:
    """Take people who have left a unit out of the plans of units that they belong to no more, in it or below."""
    every = Shift.objects.not_over(act.at)
    keys = [one.pk for one in volunteers]
    found = reduce(or_, (every.filter(volunteer__in=keys), every.filter(deputy__in=keys)))
    shifts = list(found.filter(unit__path__in=unit.line).select_related("unit"))
    if not shifts:
        return
    places = places_of(keys, at=act.at, resting=True)
    for volunteer in volunteers:
        own = [shift for shift in shifts if volunteer.pk in (shift.volunteer_id, shift.deputy_id)]
        unfit = [shift.pk for shift in own if not fit_for(shift.unit, [volunteer.pk], places)]
        if unfit:
            leave_plans(volunteer, cause="left", act=act, of=every.filter(pk__in=unfit))


def _leave(shift: Shift, volunteer: Volunteer, cause: Cause, act: Act) -> None:
    same = Shift.objects.filter(pk=shift.pk)
    if shift.deputy_id == volunteer.pk:
        same.update(deputy=None)
    elif shift.deputy_id is not None:
        same.update(volunteer=shift.deputy, deputy=None)
    else:
        same.delete()
    act.record(Acts.SHIFT_LEFT, f"shift.{shift.pk}", unit=shift.unit.number, cause=cause)


def _gaps(unit: Unit, left: Sequence[Shift], act: Act) -> list[Stretch]:
    """Return the hours of these shifts, within two weeks, that no person covers now."""
    plan = plan_of(unit, at=act.at)
    stretches = ((max(turn.from_at, act.at), turn.until_at) for turn in _hours(unit, left, act))
    return [gap for since, until in stretches for gap in plan.gaps(since, until)]


def _hours(unit: Unit, left: Sequence[Shift], act: Act) -> list[Turn]:
    return turns_of(left, ZoneInfo(unit.zone), act.at, act.at + LOOKED_AHEAD)


def tell_uncovered(unit: Unit, gaps: Sequence[Stretch], *, because: UncoveredBecause, act: Act) -> bool:
    """Tell each leader of a unit of hours that no person covers; returns whether there was one to be told.

    A unit without leaders has those of the nearest unit above told.
    """
    if not gaps:
        return False
    line = list(Unit.objects.filter(path__in=unit.line).order_by("-depth"))
    leaders = numbers_of_leaders(line, at=act.at)
    told = next((leaders[one.pk] for one in line if leaders[one.pk]), [])
    event = DeskUncovered(unit=unit.number, because=because, hours=HoursUncovered.all_of(list(gaps)))
    for number in told:
        act.tell(f"person.{number:08d}", event)
    return bool(told)


def move_to_kept(gone: Volunteer, kept: Volunteer) -> None:
    """Give the shifts and hand-overs of a record that is merged to the one that is kept. Both are locked.

    In a shift of both, and a hand-over between both, there was one person: the other part goes.
    """
    of_both = Shift.objects.of_person(gone).of_person(kept)
    for shift in of_both:
        Shift.objects.filter(pk=shift.pk).update(volunteer=kept, deputy=None)
    gone.shifts.update(volunteer=kept)
    gone.deputy_shifts.update(deputy=kept)
    HandOver.objects.filter(given_by__in=(gone, kept), taken_by__in=(gone, kept)).update(
        taken_by=None, taken_at=None
    )
    gone.hand_overs_given.update(given_by=kept)
    gone.hand_overs_taken.update(taken_by=kept)
