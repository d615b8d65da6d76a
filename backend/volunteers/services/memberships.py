"""Volunteers leave units, and choose the one that counts first."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.audit.services import record
from backend.lib.errors import NotFound, Refusal
from backend.realtime.access import access_changed
from backend.realtime.log import Announcement, publish_all
from backend.volunteers import hooks
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import (
    may_see_unit,
    post_that_manages_person,
    post_that_releases,
)
from backend.volunteers.services.allowed import allowed_by
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.ends import end_posts, lasting


class NotMember(Refusal):
    """The volunteer does not belong to this unit."""

    slug = "not-member"
    text = _("The volunteer does not belong to this unit.")


@transaction.atomic
def leave_unit(*, number: str, unit: Unit, by: User, at: datetime) -> None:
    """End a membership, with posts and badge in that unit; if it was the primary one, the oldest other becomes it.

    One's own, or of a person one looks after in that unit. Locks the volunteer. Raises NotFound, NotMember.
    """
    volunteer = lock_volunteer(volunteer_numbered(number).pk)
    own = volunteer.user_id == by.pk
    post = "" if own else allowed_by(post_that_releases(by, volunteer, unit, at))
    require_member(volunteer, unit, by, at)
    ended_too = leave(volunteer, unit, reason="left", releasing=by, by=by, at=at)
    if not volunteer.memberships.filter(is_primary=True).exists():
        oldest = volunteer.memberships.order_by("pk").values("pk")[:1]
        Membership.objects.filter(pk__in=list(oldest.values_list("pk", flat=True))).update(is_primary=True)
    recount_around([volunteer.pk], also=[unit.pk], at=at)
    record("membership.ended", subject=_subject(volunteer), by=by, at=at, unit=unit.number, post=post)
    publish_all(ended_too, at=at)


@transaction.atomic
def choose_primary(*, number: str, unit: Unit, by: User, at: datetime) -> Volunteer:
    """Make another of a volunteer's units the primary one: by the volunteer, or a leader who looks after the person.

    Locks the volunteer. Raises NotFound, NotMember.
    """
    volunteer = lock_volunteer(volunteer_numbered(number).pk)
    own = volunteer.user_id == by.pk
    post = "" if own else allowed_by(post_that_manages_person(by, volunteer, at))
    require_member(volunteer, unit, by, at)
    if not volunteer.memberships.filter(unit=unit, is_primary=True).exists():
        volunteer.memberships.filter(is_primary=True).update(is_primary=False)
        volunteer.memberships.filter(unit=unit).update(is_primary=True)
        recount_around([volunteer.pk], at=at)
        record("membership.primary", subject=_subject(volunteer), by=by, at=at, unit=unit.number, post=post)
    return volunteer


def leave(
    volunteer: Volunteer, unit: Unit, *, reason: str, releasing: User, by: User, at: datetime
) -> list[Announcement]:
    """End posts and membership in a unit, and the badge that says so; returns what to tell of others' posts."""
    held = lasting(at).filter(volunteer=volunteer, unit=unit).select_related("unit", "volunteer")
    ended_too = end_posts(held, by=releasing, at=at)
    left = volunteer.memberships.filter(unit=unit)
    was_primary = left.filter(is_primary=True).exists()
    left.delete()
    hooks.membership_ended(unit, [volunteer], was_primary=was_primary, reason=reason, by=by, at=at)
    access_changed([volunteer.topic], at=at)
    return ended_too


def lock_volunteer(pk: int) -> Volunteer:
    """Return a volunteer by key, locked."""
    return volunteers_to_lock().get(pk=pk)


def belongs(volunteer: Volunteer, unit: Unit) -> bool:
    """Tell whether a volunteer belongs to a unit."""
    return Membership.objects.filter(volunteer=volunteer, unit=unit).exists()


def require_member(volunteer: Volunteer, unit: Unit, by: User, at: datetime) -> None:
    """Raise NotMember to a caller who may know the person's units and sees this one, NotFound to others."""
    if belongs(volunteer, unit):
        return
    knows = volunteer.user_id == by.pk or post_that_manages_person(by, volunteer, at)
    raise NotMember if knows and may_see_unit(by, unit, at) else NotFound


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"
