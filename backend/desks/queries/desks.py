"""Reads desks as callers see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.desks.models import Desk, HandOver, HandOverQuerySet, Shift
from backend.desks.queries.officers import DutyOfficer, duty_officer
from backend.desks.queries.plans import Plan, plan_of
from backend.desks.queries.turns import Turn
from backend.desks.schemas import DeskOut, HandOverOut, OfficerOut, OnDesk, ShiftOut
from backend.lib.errors import require
from backend.volunteers.models import Unit, Volunteer

HAND_OVERS = 50
"""Hand-overs of a list."""
MOST_OPEN = 20
"""Hand-overs of a desk that may stand open."""
MOST_KEPT = 1_000


def desk_out(unit: Unit, *, at: datetime) -> DeskOut:
    """Return the desk of a unit, who is on it and what comes next; a unit without a desk has a duty officer too."""
    desk = Desk.objects.filter(unit=unit).first()
    plan = plan_of(unit, at=at)
    officer = duty_officer(unit, at)
    return DeskOut(
        unit=unit.number,
        phone=desk.phone if desk else None,
        zone=unit.zone,
        now=_on_desk(plan, plan.now(at)),
        next=_on_desk(plan, plan.next(at)),
        officer=_officer(officer) if officer else None,
        open_hand_overs=_outs(open_hand_overs(unit)[:MOST_OPEN]),
    )


def named_in(desk: DeskOut) -> list[str]:
    """Return the numbers of the volunteers whose names a desk shows."""
    on_it = [one for turn in (desk.now, desk.next) if turn for one in (turn.volunteer, turn.deputy)]
    signed = [one for hand in desk.open_hand_overs for one in (hand.given_by, hand.taken_by)]
    officer = desk.officer.volunteer if desk.officer else None
    return [one for one in (*on_it, *signed, officer) if one is not None]


def _on_desk(plan: Plan, turn: Turn | None) -> OnDesk | None:
    holder = plan.holder(turn) if turn else None
    if turn is None or holder is None:
        return None
    shift = turn.shift
    deputy = shift.deputy if shift.deputy is not None and shift.deputy.pk != holder.pk else None
    return OnDesk(
        shift=shift.pk,
        volunteer=f"{holder.number:08d}",
        name=holder.name,
        by_deputy=holder.pk != shift.volunteer_id,
        deputy=f"{deputy.number:08d}" if deputy else None,
        deputy_name=deputy.name if deputy else "",
        from_at=turn.from_at,
        until=turn.until_at,
    )


def _officer(found: DutyOfficer) -> OfficerOut:
    """Return the officer without a phone of their own: a caller asks for a person's phone at the person's page."""
    is_at_desk = found.rung in {"desk", "desk_deputy"}
    return OfficerOut(
        volunteer=f"{found.person.number:08d}",
        name=found.person.name,
        unit=found.unit.number,
        rung=found.rung,
        phone=found.phone if is_at_desk else None,
    )


def shifts_in(unit: Unit, *, at: datetime) -> list[ShiftOut]:
    """Return the shifts of a unit's plan that last or will begin, dated ones first."""
    rows = Shift.objects.not_over(at).filter(unit=unit).select_related("volunteer", "deputy")
    return [ShiftOut.of(row) for row in sorted(rows, key=_order)]


def _order(shift: Shift) -> tuple[Any, ...]:
    if shift.from_at is not None:
        return (0, shift.from_at.timestamp(), 0, shift.pk)
    return (1, shift.weekday, shift.from_minute, shift.pk)


def open_hand_overs(unit: Unit) -> list[HandOver]:
    """Return the hand-overs of a desk that one person alone has signed, the oldest first."""
    return list(_read(unit).standing_open().order_by("given_at", "pk"))


def hand_overs_of(unit: Unit) -> list[HandOverOut]:
    """Return the hand-overs of a desk, newest first, at most 50."""
    return _outs(_read(unit).order_by("-given_at", "-pk")[:HAND_OVERS])


def hand_over_of(unit: Unit, hand_over_id: UUID) -> HandOverOut:
    """Return one hand-over of a desk. Raises NotFound."""
    return HandOverOut.of(require(_read(unit).filter(pk=hand_over_id).first()))


def _read(unit: Unit) -> HandOverQuerySet:
    return HandOver.objects.filter(unit=unit).select_related("given_by", "taken_by")


def _outs(rows: Iterable[HandOver]) -> list[HandOverOut]:
    return [HandOverOut.of(row) for row in rows]


def kept_of(volunteer: Volunteer) -> dict[str, Any]:
    """Return for a volunteer's export their shifts and hand-overs; at most 1,000 of each."""
    when = (
        "unit__number",
        "from_at",
        "until_at",
        "weekday",
        "from_minute",
        "minutes",
        "from_date",
        "until_date",
    )
    shifts = Shift.objects.of_person(volunteer).order_by("pk")
    return {
        "shifts": list(shifts.values(*when)[:MOST_KEPT]),
        "hand_overs_given": list(
            volunteer.hand_overs_given.order_by("pk").values("unit__number", "given_at", "matters")[
                :MOST_KEPT
            ]
        ),
        "hand_overs_taken": list(
            volunteer.hand_overs_taken.order_by("pk").values("unit__number", "taken_at")[:MOST_KEPT]
        ),
    }
