"""Volunteers leave units, and choose the one that counts first."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.errors import NotFound, Refusal, require
from backend.realtime.access import access_changed
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.grants import OWN
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import (
    may_manage_person,
    may_release,
    may_see_unit,
)
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.ends import end_posts, lasting


class NotMember(Refusal):
    """The volunteer does not belong to this unit."""

    slug = "not-member"
    text = _("The volunteer does not belong to this unit.")


@transaction.atomic
def leave_unit(*, number: str, unit: Unit, by: User, at: datetime) -> None:
    """End a membership, with posts and badge in that unit; if it was the primary one, the oldest other becomes it.

    The caller's own, or of a person under the caller's care in that unit. Locks the volunteer. Raises NotFound,
    NotMember.
    """
    volunteer = lock_volunteer(volunteer_numbered(number).pk)
    own = volunteer.user_id == by.pk
    grant = OWN if own else require(may_release(by, volunteer, unit, at))
    require_member(volunteer, unit, by, at)
    with acting(by=by, at=at, grant=grant) as act:
        leave(volunteer, unit, reason="left", releasing=by, act=act)
        _make_oldest_primary(volunteer)
        recount_around([volunteer.pk], also=[unit.pk], at=at)
        act.record(Acts.MEMBERSHIP_ENDED, _subject(volunteer), unit=unit.number)


def _make_oldest_primary(volunteer: Volunteer) -> None:
    """Have the oldest membership count first when none does."""
    if not volunteer.memberships.filter(is_primary=True).exists():
        oldest = volunteer.memberships.order_by("pk").values("pk")[:1]
        Membership.objects.filter(pk__in=list(oldest.values_list("pk", flat=True))).update(is_primary=True)


@transaction.atomic
def choose_primary(*, number: str, unit: Unit, by: User, at: datetime) -> Volunteer:
    """Make another of a volunteer's units the primary one: by the volunteer, or a leader who looks after the person.

    Locks the volunteer. Raises NotFound, NotMember.
    """
    volunteer = lock_volunteer(volunteer_numbered(number).pk)
    own = volunteer.user_id == by.pk
    grant = OWN if own else require(may_manage_person(by, volunteer, at))
    require_member(volunteer, unit, by, at)
    if not volunteer.memberships.filter(unit=unit, is_primary=True).exists():
        volunteer.memberships.filter(is_primary=True).update(is_primary=False)
        volunteer.memberships.filter(unit=unit).update(is_primary=True)
        recount_around([volunteer.pk], at=at)
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.MEMBERSHIP_PRIMARY, _subject(volunteer), unit=unit.number)
    return volunteer


def leave(volunteer: Volunteer, unit: Unit, *, reason: str, releasing: User, act: Act) -> None:
    """End posts and membership in a unit, and the badge that says so; `releasing` answers for the posts that end."""
    held = lasting(act.at).filter(volunteer=volunteer, unit=unit).select_related("unit", "volunteer")
    end_posts(held, act=act if releasing == act.by else act.of(releasing))
    left = volunteer.memberships.filter(unit=unit)
    was_primary = left.filter(is_primary=True).exists()
    left.delete()
    hooks.membership_ended(unit, [volunteer], was_primary=was_primary, reason=reason, act=act)
    access_changed([volunteer.topic], at=act.at)


def note_employment(membership: Membership, *, is_employee: bool) -> None:
    """Note that a person serves a partner as an employee, or as a volunteer. The volunteer is locked."""
    membership.is_employee = is_employee
    membership.save(update_fields=["is_employee"])


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
    knows = volunteer.user_id == by.pk or may_manage_person(by, volunteer, at)
    raise NotMember if knows and may_see_unit(by, unit, at) else NotFound


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"
