"""Who may: one yes/no question each."""

from datetime import datetime

from django.db.models import Q, QuerySet

from backend.volunteers.models import DISPATCHING_ROLES, Membership, Post, Unit, User


def current_posts(user_id: int, at: datetime) -> QuerySet[Post]:
    """Return the posts that a user holds at `at`."""
    in_time = Q(from_at__lte=at) & (Q(until_at=None) | Q(until_at__gt=at))
    return Post.objects.filter(in_time, volunteer__user_id=user_id)


def within(path: str, field: str = "path") -> Q:
    """Return the condition of being the unit at `path` or below it, as a range that every database has an index for."""
    return Q(**{f"{field}__range": (path, path + "Z" * Unit.steplen)})


def may_dispatch(user: User, unit: Unit, at: datetime) -> bool:
    """Whoever leads, deputises, dispatches or commands in the unit or above it."""
    return current_posts(user.pk, at).filter(role__in=DISPATCHING_ROLES, unit__path__in=unit.line).exists()


def may_see_unit(user: User, unit: Unit, at: datetime) -> bool:
    """Whoever may dispatch it, and those who belong to it or below: a member sees the whole line above."""
    belongs = within(unit.path, "unit__path")
    return (
        may_dispatch(user, unit, at)
        or Membership.objects.filter(belongs, volunteer__user=user).exists()
        or current_posts(user.pk, at).filter(belongs).exists()
    )
