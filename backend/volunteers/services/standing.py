"""Volunteers are suspended, reinstated, and retire."""

from datetime import datetime
from itertools import chain

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.audit.services import record
from backend.lib.errors import Invalid, NotFound, Refusal, require
from backend.realtime.access import access_changed
from backend.realtime.log import Announcement, publish_all
from backend.volunteers import hooks
from backend.volunteers.events import StandingChanged
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Membership, Standing, Volunteer
from backend.volunteers.queries.lives import standing_out
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.rules import post_that_manages_person
from backend.volunteers.schemas.me import DutyReason
from backend.volunteers.services.allowed import allowed_by
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.duty import end_duty
from backend.volunteers.services.ends import changed, end_posts, lasting
from backend.volunteers.services.seats import lock_units


class AlreadyRetired(Refusal):
    """This volunteer has retired; reinstate them first."""

    slug = "already-retired"
    text = _("This volunteer has retired. Take them back into service first.")


@transaction.atomic
def suspend(*, number: str, reason: str, until: datetime | None = None, by: User, at: datetime) -> Volunteer:
    """Suspend somebody: duty ends now, posts rest, and they can neither go on duty nor accept until it is over.

    Posts by which they stand in for others end, and what they gave by them: nobody stands in while suspended.
    Suspending again replaces reason and end; with the same ones it changes nothing. Locks the volunteer. Raises
    NotFound unless `by` looks after the person, and to the person; AlreadyRetired; Invalid for an `until` that is past.
    """
    volunteer, post = _locked(number, by, at)
    require(volunteer.standing != Standing.RETIRED, AlreadyRetired)
    if until is not None and until <= at:
        raise Invalid(errors=[{"pointer": "/until", "detail": "must be later than now"}])
    before = (volunteer.standing, volunteer.standing_reason, volunteer.standing_until)
    if before == (Standing.SUSPENDED, reason, until):
        return volunteer
    _set(volunteer, Standing.SUSPENDED, at=at, reason=reason, until=until)
    standing_in = lasting(at).filter(volunteer=volunteer, is_acting=True).select_related("unit", "volunteer")
    ended = list(standing_in)
    told = [*end_posts(ended, by=by, at=at), *map(changed, ended)]
    record("volunteer.suspended", subject=_subject(volunteer), by=by, at=at, post=post)
    _announce(volunteer, *told, by=by, at=at)
    return volunteer


@transaction.atomic
def reinstate(*, number: str, by: User, at: datetime) -> Volunteer:
    """Take somebody back who was suspended or had retired; again changes nothing. Locks the volunteer.

    Posts that rested count again; those that ended by retiring do not come back. Raises NotFound.
    """
    volunteer, post = _locked(number, by, at)
    if volunteer.standing == Standing.ACTIVE:
        return volunteer
    if volunteer.standing == Standing.RETIRED:
        _seat_again(volunteer, at)
    _set(volunteer, Standing.ACTIVE, at=at)
    record("volunteer.reinstated", subject=_subject(volunteer), by=by, at=at, post=post)
    _announce(volunteer, by=by, at=at)
    return volunteer


@transaction.atomic
def retire(*, number: str, reason: str = "", by: User, at: datetime) -> Volunteer:
    """End a volunteer's service: duty, posts and open transfers end, the seats are free; the number stays theirs.

    Everybody may retire themselves, at any time. Again changes nothing. Locks the volunteer. Raises NotFound.
    """
    volunteer, post = _locked(number, by, at, or_oneself=True)
    if volunteer.standing == Standing.RETIRED:
        return volunteer
    ended_too = end_all_posts(volunteer, by=by, at=at)
    Membership.objects.filter(volunteer=volunteer).update(seat=None)
    _set(volunteer, Standing.RETIRED, at=at, reason=reason)
    record("volunteer.retired", subject=_subject(volunteer), by=by, at=at, post=post)
    _announce(volunteer, *ended_too, by=by, at=at)
    return volunteer


def end_all_posts(volunteer: Volunteer, *, by: User, at: datetime) -> list[Announcement]:
    """End the posts of a volunteer who is locked, those that begin later too; returns what to tell of others."""
    held = lasting(at).filter(volunteer=volunteer).select_related("unit", "volunteer")
    return end_posts(held, by=by, at=at)


@transaction.atomic
def end_suspensions(*, at: datetime, limit: int = 500) -> int:
    """Reinstate those whose suspension is over; returns how many. Rows that somebody else has locked are skipped."""
    over = list(
        volunteers_to_lock(skip_locked=True)
        .filter(standing=Standing.SUSPENDED, standing_until__lte=at)
        .order_by("pk")[:limit]
    )
    told: list[Announcement] = []
    for volunteer in over:
        _set(volunteer, Standing.ACTIVE, at=at)
        record("volunteer.reinstated", subject=_subject(volunteer), by=None, at=at)
        told += chain(*hooks.standing_changed(volunteer, by=None, at=at))
    publish_all([*told, *map(_changed, over)], at=at)
    return len(over)


def _locked(number: str, by: User, at: datetime, *, or_oneself: bool = False) -> tuple[Volunteer, str]:
    """Return the volunteer, locked, and the title of the post that allows the act: empty for oneself."""
    found = volunteer_numbered(number)
    volunteer = volunteers_to_lock().select_related("user").get(pk=found.pk)
    if volunteer.user_id == by.pk:
        if not or_oneself:
            raise NotFound
        return volunteer, ""
    return volunteer, allowed_by(post_that_manages_person(by, volunteer, at))


def _set(
    volunteer: Volunteer, to: Standing, *, at: datetime, reason: str = "", until: datetime | None = None
) -> None:
    volunteer.standing, volunteer.standing_since = to, at
    volunteer.standing_reason, volunteer.standing_until = reason, until
    volunteer.save(update_fields=["standing", "standing_since", "standing_reason", "standing_until"])
    access_changed([volunteer.topic], at=at)


def _seat_again(volunteer: Volunteer, at: datetime) -> None:
    memberships = list(volunteer.memberships.select_related("unit"))
    lock_units([membership.unit for membership in memberships])
    for membership in memberships:
        (membership.seat,) = free_seats(membership.unit, count=1, at=at)
        membership.save(update_fields=["seat"])


def _announce(volunteer: Volunteer, *others: Announcement, by: User, at: datetime) -> None:
    told = [*chain(*hooks.standing_changed(volunteer, by=by, at=at)), *others]
    if volunteer.standing != Standing.ACTIVE:
        reason: DutyReason = "suspended" if volunteer.standing == Standing.SUSPENDED else "retired"
        told += end_duty(volunteer, reason=reason, by=by, at=at)
    recount_around([volunteer.pk], at=at)
    publish_all([*told, _changed(volunteer)], at=at)


def _changed(volunteer: Volunteer) -> Announcement:
    return Announcement(volunteer.topic, StandingChanged(standing=standing_out(volunteer)))


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"
