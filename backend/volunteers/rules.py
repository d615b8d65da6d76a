"""Who may: one yes/no question each."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from backend.volunteers.consents import current_version
from backend.volunteers.models import (
    DISPATCHING_ROLES,
    MANAGING_ROLES,
    Membership,
    Post,
    Purpose,
    Unit,
    User,
    Volunteer,
    adult_if_born_until,
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


def may_keep_records_of(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Whoever leads, deputises or commands in a unit of the person, or above it, and is not the person."""
    if volunteer.user_id == user.pk:
        return False
    units = Unit.objects.filter(memberships__volunteer=volunteer)
    lines = {path for unit in units for path in unit.line}
    return current_posts(user.pk, at).filter(role__in=MANAGING_ROLES, unit__path__in=lines).exists()


def agrees_to_location(of: str = "") -> Q:
    """Return the condition of having agreed, in the words that hold now, to being located.

    `of` leads from the rows asked for to the volunteer: `volunteer__`.
    """
    version = current_version(Purpose.LOCATION)
    return Q(**{f"{of}location_consent_version": version, f"{of}location_consent_at__isnull": False})


def may_locate(volunteer: Volunteer) -> bool:
    """Tell whether the person has agreed, in the words that hold now, to being located."""
    held = volunteer.location_consent_version
    return volunteer.location_consent_at is not None and held == current_version(Purpose.LOCATION)


def agrees_to(volunteer: Volunteer, purpose: Purpose) -> bool:
    """Tell whether the person agrees to a purpose in the words that hold now."""
    return volunteer.consents.filter(
        purpose=purpose, version=current_version(purpose), withdrawn_at=None
    ).exists()


def is_known_minor(at: datetime, of: str = "") -> Q:
    """Return the condition of being under 18 by a date of birth that is known."""
    return Q(**{f"{of}born_on__gt": adult_if_born_until(at)})
