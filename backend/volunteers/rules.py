"""Who may: one yes/no question each."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from backend.volunteers.models import (
    DISPATCHING_ROLES,
    MANAGING_ROLES,
    Membership,
    Post,
    Unit,
    User,
    Volunteer,
)


def current_posts(user_id: int, at: datetime) -> QuerySet[Post]:
    """Return the posts that a user holds at `at`."""
    in_time = Q(from_at__lte=at) & (Q(until_at=None) | Q(until_at__gt=at))
    return Post.objects.filter(in_time, volunteer__user_id=user_id)


def within(path: str, field: str = "path") -> Q:
    """Return the condition of being the unit at `path` or below it, as a range that every database has an index for."""
    return Q(**{f"{field}__range": (path, path + "Z" * Unit.steplen)})


def post_over(user: User, unit: Unit, at: datetime, roles: Collection[str]) -> Post | None:
    """Return the post, of one of these roles, that covers the unit: in it or above it, the nearest first."""
    posts = current_posts(user.pk, at).filter(role__in=roles, unit__path__in=unit.line)
    return posts.select_related("unit").order_by("-unit__path", "seat").first()


def may_dispatch(user: User, unit: Unit, at: datetime) -> bool:
    """Whoever leads, deputises, dispatches or commands in the unit or above it."""
    return current_posts(user.pk, at).filter(role__in=DISPATCHING_ROLES, unit__path__in=unit.line).exists()


def may_manage(user: User, unit: Unit, at: datetime) -> bool:
    """Whoever leads, deputises or commands in the unit or above it looks after its people."""
    return current_posts(user.pk, at).filter(role__in=MANAGING_ROLES, unit__path__in=unit.line).exists()


def may_see_person(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Oneself, and whoever may dispatch a unit that the person belongs to."""
    if volunteer.user_id == user.pk:
        return True
    paths = Membership.objects.filter(volunteer=volunteer).values_list("unit__path", flat=True)
    lines = {path[:end] for path in paths for end in range(Unit.steplen, len(path) + 1, Unit.steplen)}
    return current_posts(user.pk, at).filter(role__in=DISPATCHING_ROLES, unit__path__in=lines).exists()


def may_see_unit(user: User, unit: Unit, at: datetime) -> bool:
    """Whoever may dispatch it, and those who belong to it or below: a member sees the whole line above."""
    belongs = within(unit.path, "unit__path")
    return (
        may_dispatch(user, unit, at)
        or Membership.objects.filter(belongs, volunteer__user=user).exists()
        or current_posts(user.pk, at).filter(belongs).exists()
    )


def needs_second_factor(user: User, at: datetime) -> bool:
    """Whoever leads, deputises or commands anywhere: with their password alone others could be called out."""
    return current_posts(user.pk, at).filter(role__in=MANAGING_ROLES).exists()


def may_look_after(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Whoever manages a unit that the person belongs to."""
    mine = _managed_paths(user, at)
    paths = Membership.objects.filter(volunteer=volunteer).values_list("unit__path", flat=True)
    return any(path.startswith(above) for path in paths for above in mine)


def may_invite(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Whoever looks after the person; those who hold a post that manages are invited only from above it.

    An invitation sets a password: a deputy must not become the leader by it, nor anybody themselves.
    """
    if volunteer.user_id == user.pk or not may_look_after(user, volunteer, at):
        return False
    mine = _managed_paths(user, at)
    posts = current_posts(volunteer.user_id, at).filter(role__in=MANAGING_ROLES)
    held = posts.values_list("unit__path", flat=True)
    return all(any(path != above and path.startswith(above) for above in mine) for path in held)


def _managed_paths(user: User, at: datetime) -> list[str]:
    posts = current_posts(user.pk, at).filter(role__in=MANAGING_ROLES)
    return list(posts.values_list("unit__path", flat=True))
