"""Volunteers are suspended, reinstated, and retire."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.errors import Invalid, NotFound, Refusal, require
from backend.realtime.access import access_changed
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.events import StandingChanged
from backend.volunteers.grants import OWN, Grant
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Membership, Standing, Volunteer
from backend.volunteers.queries.lives import standing_out
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.rules import may_manage_person, may_suspend
from backend.volunteers.schemas.me import DutyReason
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.duty import end_duty
from backend.volunteers.services.ends import end_posts, lasting, tell_holder
from backend.volunteers.services.seats import lock_units


class AlreadyRetired(Refusal):
    """This volunteer has retired; reinstate them first."""

    slug = "already-retired"
    text = _("This volunteer has retired. Take them back into service first.")


@transaction.atomic
def suspend(*, number: str, reason: str, until: datetime | None = None, by: User, at: datetime) -> Volunteer:
    """Suspend a volunteer: duty ends now, posts rest, and going on duty and accepting are closed until it is over.

    The volunteer's posts as an acting deputy end, and so does what was given by them: no volunteer stands in while
    suspended. Suspending again replaces reason and end; with the same ones it changes nothing. Locks the volunteer.
    Raises NotFound unless `by` looks after the volunteer, and to the volunteer; AlreadyRetired; Invalid for an `until`
    that is past.
    """
    volunteer, grant = _locked(number, by, at, may=may_suspend)
    require(not volunteer.has_retired, AlreadyRetired)
    if until is not None and until <= at:
        raise Invalid(errors=[{"pointer": "/until", "detail": "must be later than now"}])
    before = (volunteer.standing, volunteer.standing_reason, volunteer.standing_until)
    if before == (Standing.SUSPENDED, reason, until):
        return volunteer
    _save(volunteer, volunteer.suspend(at=at, reason=reason, until=until), at=at)
    standing_in = lasting(at).filter(volunteer=volunteer, is_acting=True).select_related("unit", "volunteer")
    ended = list(standing_in)
    with acting(by=by, at=at, grant=grant) as act:
        end_posts(ended, act=act)
        for post in ended:
            tell_holder(post, act)
        act.record(Acts.VOLUNTEER_SUSPENDED, _subject(volunteer))
        _tell(volunteer, act)
    return volunteer


@transaction.atomic
def reinstate(*, number: str, by: User, at: datetime) -> Volunteer:
    """Take a suspended or retired volunteer back; again changes nothing. Locks the volunteer.

    Posts that rested count again; those that ended by retiring do not come back. Raises NotFound.
    """
    volunteer, grant = _locked(number, by, at, may=may_suspend)
    if volunteer.is_in_service:
        return volunteer
    if volunteer.has_retired:
        require(may_manage_person(by, volunteer, at))
        _seat_again(volunteer, at)
    _save(volunteer, volunteer.reinstate(at=at), at=at)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.VOLUNTEER_REINSTATED, _subject(volunteer))
        _tell(volunteer, act)
    return volunteer


@transaction.atomic
def retire(*, number: str, reason: str = "", by: User, at: datetime) -> Volunteer:
    """End a volunteer's service: duty, posts and open transfers end, and the seats are free. The number stays.

    Volunteers may retire themselves at any time. Again changes nothing. Locks the volunteer. Raises NotFound.
    """
    volunteer, grant = _locked(number, by, at, or_oneself=True)
    if volunteer.has_retired:
        return volunteer
    with acting(by=by, at=at, grant=grant) as act:
        end_all_posts(volunteer, act=act)
        Membership.objects.filter(volunteer=volunteer).update(seat=None)
        _save(volunteer, volunteer.retire(at=at, reason=reason), at=at)
        act.record(Acts.VOLUNTEER_RETIRED, _subject(volunteer))
        _tell(volunteer, act)
    return volunteer


def end_all_posts(volunteer: Volunteer, *, act: Act) -> None:
    """End the posts of a locked volunteer, also those that begin later."""
    held = lasting(act.at).filter(volunteer=volunteer).select_related("unit", "volunteer")
    end_posts(held, act=act)


@transaction.atomic
def end_suspensions(*, at: datetime, limit: int = 500) -> int:
    """Reinstate volunteers whose suspension is over; returns how many.

    Skips locked rows: another process has them at this moment.
    """
    over = list(
        volunteers_to_lock(Volunteer.objects.suspended_until(at), skip_locked=True).order_by("pk")[:limit]
    )
    with acting(by=None, at=at) as act:
        for volunteer in over:
            _save(volunteer, volunteer.reinstate(at=at), at=at)
            act.record(Acts.VOLUNTEER_REINSTATED, _subject(volunteer))
            hooks.standing_changed(volunteer, act=act)
            _tell_standing(volunteer, act)
    return len(over)


def _locked(
    number: str,
    by: User,
    at: datetime,
    *,
    may: Callable[[User, Volunteer, datetime], Grant] = may_manage_person,
    or_oneself: bool = False,
) -> tuple[Volunteer, Grant]:
    """Return the volunteer, locked, and the grant of the act: one's own for oneself."""
    found = volunteer_numbered(number)
    volunteer = volunteers_to_lock().select_related("user").get(pk=found.pk)
    if volunteer.user_id == by.pk:
        if not or_oneself:
            raise NotFound
        return volunteer, OWN
    return volunteer, require(may(by, volunteer, at))


def _save(volunteer: Volunteer, changed: list[str], *, at: datetime) -> None:
    volunteer.save(update_fields=changed)
    access_changed([volunteer.topic], at=at)


def _seat_again(volunteer: Volunteer, at: datetime) -> None:
    memberships = list(volunteer.memberships.select_related("unit"))
    lock_units([membership.unit for membership in memberships])
    for membership in memberships:
        (membership.seat,) = free_seats(membership.unit, count=1, at=at)
        membership.save(update_fields=["seat"])


def _tell(volunteer: Volunteer, act: Act) -> None:
    """Have the other rooms follow, end the duty of a volunteer who is not in service, and tell of it."""
    hooks.standing_changed(volunteer, act=act)
    if not volunteer.is_in_service:
        reason: DutyReason = "suspended" if volunteer.is_suspended else "retired"
        end_duty(volunteer, reason=reason, act=act)
    recount_around([volunteer.pk], at=act.at)
    _tell_standing(volunteer, act)


def _tell_standing(volunteer: Volunteer, act: Act) -> None:
    act.tell(volunteer.topic, StandingChanged(standing=standing_out(volunteer)))


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"
