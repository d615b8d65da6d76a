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
    UnitKind,
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


def may_manage_person(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Whoever may manage a unit that the person belongs to."""
    paths = Membership.objects.filter(volunteer=volunteer).values_list("unit__path", flat=True)
    managed = _managed_paths(user, at)
    return any(path.startswith(above) for path in paths for above in managed)


def may_manage_wholly(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Whoever may manage every unit that the person belongs to or holds a post in, now or later; one at least."""
    posts = Post.objects.filter(Q(until_at=None) | Q(until_at__gt=at), volunteer=volunteer)
    memberships = Membership.objects.filter(volunteer=volunteer)
    paths = {*posts.values_list("unit__path", flat=True), *memberships.values_list("unit__path", flat=True)}
    managed = _managed_paths(user, at)
    return bool(paths) and all(any(path.startswith(above) for above in managed) for path in paths)


def may_trace_numbers(user: User, at: datetime) -> bool:
    """Whoever manages headquarters is told what became of any number, and only them: others could count the force."""
    held = current_posts(user.pk, at).filter(role__in=MANAGING_ROLES)
    return held.filter(unit__depth=1, unit__kind=UnitKind.HEADQUARTERS).exists()


def _managed_paths(user: User, at: datetime) -> list[str]:
    held = current_posts(user.pk, at).filter(role__in=MANAGING_ROLES)
    return list(held.values_list("unit__path", flat=True))
