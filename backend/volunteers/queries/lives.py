"""Reads the lives of volunteers: standing, memberships, applications, transfers, posts."""

from collections.abc import Iterable
from datetime import datetime

from backend.volunteers.models import Membership, Post, Unit, Volunteer
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.schemas.lives import MembershipOut, StandingOut


def standing_out(volunteer: Volunteer) -> StandingOut:
    """Return where a volunteer's service stands."""
    return StandingOut.model_validate(
        {
            "volunteer": volunteer.number,
            "standing": volunteer.standing,
            "until": volunteer.standing_until,
            "reason": volunteer.standing_reason,
        }
    )


def membership_out(membership: Membership) -> MembershipOut:
    """Return a membership that was read with its unit."""
    seat = membership.seat
    return MembershipOut(
        unit=membership.unit.number,
        seat=seat_text(membership.unit, seat) if seat else None,
        is_primary=membership.is_primary,
        is_employee=membership.is_employee,
    )


def memberships_of(volunteer: Volunteer) -> list[MembershipOut]:
    """Return the units that a volunteer belongs to, the primary one first."""
    rows = volunteer.memberships.select_related("unit").order_by("-is_primary", "unit__path")
    return [membership_out(row) for row in rows]


def posts_in(unit: Unit, *, at: datetime) -> list[Post]:
    """Return the posts of a unit that are held at `at` or will be, by seat."""
    rows = unit.posts.lasting(at).select_related("unit", "volunteer")
    return list(rows.order_by("seat", "from_at", "pk"))


def numbers_of_leaders(units: Iterable[Unit], *, at: datetime) -> dict[int, list[int]]:
    """Return the numbers of each unit's leaders, by the unit's key: they manage it by a post in it; one query."""
    found: dict[int, list[int]] = {unit.pk: [] for unit in units}
    posts = Post.objects.in_force(at).managing().filter(unit__in=list(found))
    for unit_id, number in posts.values_list("unit_id", "volunteer__number").distinct():
        found[unit_id].append(number)
    return found
