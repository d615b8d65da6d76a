"""Finds who answers for a unit: on its desk, by its posts, and so on up the formation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.desks.models import Desk, Rung
from backend.desks.queries.plans import Plan, plans_of
from backend.volunteers.models import RANKS, Post, Role, Unit, Volunteer, is_serving
from backend.volunteers.queries.units import current_unit

_ORDER = (Role.LEADER, Role.COMMANDER, Role.DEPUTY, Role.DISPATCHER)
"""Who of a unit's posts answers first; a member's post answers only where the force has no other."""


@dataclass(frozen=True, slots=True)
class DutyOfficer:
    """Who answers for a unit, found at a rung in `unit`; `phone` is the desk's, or the person's (empty: has none)."""

    person: Volunteer
    phone: str
    rung: Rung
    unit: Unit


def duty_officer(unit: Unit, at: datetime) -> DutyOfficer | None:
    """Return who answers for a unit: on the desk now, its deputy, a leader by post, then the same in the unit above.

    Where the whole line has none it is the highest post of the force. None only in a force in which no person in
    service holds a post. A retired unit is asked as its successor.
    """
    line = Unit.objects.filter(path__in=current_unit(unit).line).order_by("-depth")
    found = _in_line(list(line), at)
    return next(found, None) or _anywhere(at)


def _in_line(line: Sequence[Unit], at: datetime) -> Iterator[DutyOfficer]:
    desks = {desk.unit_id: desk for desk in Desk.objects.filter(unit__in=line)}
    plans = plans_of((unit for unit in line if unit.pk in desks), at=at)
    serving = Post.objects.in_force(at).filter(is_serving("volunteer__"), unit__in=line, role__in=_ORDER)
    posts = list(serving.select_related("volunteer__user").order_by("is_acting", "seat", "pk"))
    for unit in line:
        if unit.pk in desks:
            yield from _on_desk(plans[unit.pk], desks[unit.pk], at)
        held = [post for post in posts if post.unit_id == unit.pk]
        for post in sorted(held, key=lambda post: _ORDER.index(Role(post.role))):
            rung = Rung.LEADER if post.role == Role.LEADER else Rung.POST
            yield DutyOfficer(post.volunteer, post.volunteer.user.phone, rung, unit)


def _on_desk(plan: Plan, desk: Desk, at: datetime) -> Iterator[DutyOfficer]:
    turn = plan.now(at)
    holder = plan.holder(turn) if turn else None
    if turn is not None and holder is not None:
        is_first = holder.pk == turn.shift.volunteer_id
        yield DutyOfficer(holder, desk.phone, Rung.DESK if is_first else Rung.DESK_DEPUTY, plan.unit)


def _anywhere(at: datetime) -> DutyOfficer | None:
    """Return the highest post of the force, by rank, then the highest unit."""
    posts = Post.objects.in_force(at).filter(is_serving("volunteer__"))
    for role in sorted(Role, key=lambda role: -RANKS[role]):
        held = posts.filter(role=role).select_related("volunteer__user", "unit")
        post = held.order_by("unit__depth", "pk").first()
        if post is not None:
            return DutyOfficer(post.volunteer, post.volunteer.user.phone, Rung.FORCE, post.unit)
    return None
