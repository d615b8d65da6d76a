"""People apply to a unit, and its leader decides."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User, family_of, phone_keys
from backend.accounts.passwords import require_good_password
from backend.accounts.queries import people_of_phone
from backend.accounts.services.passwords import set_hashed_password
from backend.joining.acts import Acts
from backend.joining.events import ApplicationChanged
from backend.joining.locks import applications_to_lock
from backend.joining.models import Application, ApplicationStatus
from backend.joining.queries import applications_of
from backend.joining.schemas import ApplicationIn
from backend.lib.errors import Allowance, NotFound, Refusal, TooMany, require
from backend.lib.names import same_name
from backend.lib.phones import canonical
from backend.realtime.log import Audience
from backend.volunteers.grants import Grant
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.queries.lives import numbers_of_leaders
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.finding import finding
from backend.volunteers.services.people import add_volunteer, refuse_future_birth
from backend.volunteers.services.seats import take_seat

MOST_OF_ADDRESS = 200
"""Applications that may come from one address in an hour: many phones share one behind a carrier's translation."""
MOST_OF_UNIT = 500
"""Applications that may wait in one unit."""
MOST_OF_PHONE = 3
"""Applications of one phone that may wait; further ones get the same answer, and are not kept."""
KEPT = timedelta(days=90)
"""How long a decided application is kept."""
DECIDED = {
    ApplicationStatus.APPROVED: Acts.APPLICATION_APPROVED,
    ApplicationStatus.REJECTED: Acts.APPLICATION_REJECTED,
    ApplicationStatus.WITHDRAWN: Acts.APPLICATION_WITHDRAWN,
}
"""The act by which an application comes to a status."""

_HOUR_S = 3_600


class AlreadyDecided(Refusal):
    """This application has been decided already, or was withdrawn."""

    slug = "already-decided"
    text = _("This application has been decided already, or was withdrawn.")


def apply(*, wanted: ApplicationIn, address: str, at: datetime) -> None:
    """Take an application; the applicant needs no account.

    Does not tell whether the phone or the application is known: a second one to the same unit leaves the first as it
    is. Raises NotFound for a number that is no unit's, TooMany for an address or a unit that has too many, Invalid for
    a password that breaks a rule or a date of birth in the future.
    """
    _count(address, at)
    unit = unit_by_number(wanted.unit)
    waiting = Application.objects.waiting()
    if waiting.filter(unit=unit).count() >= MOST_OF_UNIT:
        raise TooMany(
            "Too many applications wait in this unit; try again another day.", retry_after_s=24 * _HOUR_S
        )
    refuse_future_birth(wanted.born_on, at)
    application = Application(pk=wanted.id, unit=unit, name=wanted.name, born_on=wanted.born_on, at=at)
    application.phone = wanted.phone
    if wanted.password is not None:
        _require_good_password(wanted)
    # Hashed in any case, so that the time does not tell who is known.
    application.password = make_password(wanted.password)
    if not _has_place(application):
        return
    try:
        with transaction.atomic(), acting(by=None, at=at) as act:
            application.save(force_insert=True)
            act.record(Acts.APPLICATION_RECEIVED, _subject(application), unit=unit.number)
            _tell(application, act)
    except IntegrityError:
        return  # a retry, or the same person again


def _has_place(application: Application) -> bool:
    """Give an application a place among those of its phone; tell whether it is a further one that may wait.

    A family applies with one phone: in a unit each of its names may wait once.
    """
    of_phone = list(Application.objects.waiting().filter(phone_key__in=phone_keys(application.phone)))
    here = [one for one in of_phone if one.unit_id == application.unit_id]
    if len(of_phone) >= MOST_OF_PHONE or any(same_name(one.name, application.name) for one in here):
        return False
    taken = {one.phone_key for one in here}
    application.phone_key = next(key for key in phone_keys(application.phone) if key not in taken)
    return True


@transaction.atomic
def withdraw_application(*, application_id: UUID, phone: str, at: datetime) -> None:
    """Take an application back; a caller with another phone, or one who is too late, gets the same answer."""
    waiting = applications_to_lock(Application.objects.waiting())
    application = waiting.filter(pk=application_id, phone_key__in=phone_keys(canonical(phone))).first()
    if application is not None:
        application.withdraw(at=at)
        with acting(by=None, at=at) as act:
            _save_decided(application, act)


def approve_application(
    *, application_id: UUID, shared_phone: bool = False, by: User, at: datetime
) -> Application:
    """Make the applicant a volunteer of the unit, with a number for life. Locks the application.

    A former volunteer who has left every unit comes back under their number, and signs in as before. Approving again
    returns the same volunteer. Raises NotFound unless `by` looks after the unit, AlreadyDecided, TooManyFound. Raises
    PhoneTaken when the phone belongs to a volunteer of some unit: such a person needs a transfer, or is another person
    of that phone, which `shared_phone` says; then PhoneFull may be raised.
    """
    found = require(Application.objects.filter(pk=application_id).first())
    require(may_manage(by, found.unit, at))
    if found.status == ApplicationStatus.APPROVED:
        return found
    with finding(found.phone, how="application", by=by, at=at):
        return _approve(application_id, shared_phone, by, at)


@transaction.atomic
def _approve(application_id: UUID, shared_phone: bool, by: User, at: datetime) -> Application:
    application, grant = _locked(application_id, by, at)
    if application.status == ApplicationStatus.APPROVED:
        return application
    require(application.is_waiting, AlreadyDecided)
    with acting(by=by, at=at, grant=grant) as act:
        volunteer = _taken_back(application, act) or _created(application, shared_phone, act)
        application.approve(volunteer=volunteer, by=by, at=at)
        _save_decided(application, act)
    return application


def _require_good_password(wanted: ApplicationIn) -> None:
    """Raise Invalid for a password that an account would not take: it becomes the password of one."""
    applicant = Volunteer(user=User.of_phone(wanted.phone), name=wanted.name)
    require_good_password(applicant.user, wanted.password or "", field="password")


def _created(application: Application, shared_phone: bool, act: Act) -> Volunteer:
    volunteer = add_volunteer(
        name=application.name,
        phone=application.phone,
        shared_phone=shared_phone,
        born_on=application.born_on,
        units=[application.unit],
        act=act,
    )
    set_hashed_password(volunteer.user, application.password, at=application.at)
    return volunteer


def _taken_back(application: Application, act: Act) -> Volunteer | None:
    """Make a former volunteer with this phone and name, now in no unit, a member again; None if there is none.

    The name has to be the same: the phone may be shared, or belong to another person by now.
    """
    those = Volunteer.objects.in_service().filter(
        user__in=people_of_phone(application.phone), user__is_active=True, memberships=None
    )
    found = volunteers_to_lock(those).order_by("pk")
    volunteer = next((one for one in found if same_name(one.name, application.name)), None)
    if volunteer is None or volunteer.memberships.exists():
        return None
    take_seat(volunteer=volunteer, unit=application.unit, is_primary=True, at=act.at)
    recount_around([volunteer.pk], at=act.at)
    act.record(Acts.VOLUNTEER_RETURNED, f"volunteer.{volunteer.pk}")
    return volunteer


@transaction.atomic
def reject_application(*, application_id: UUID, reason: str, by: User, at: datetime) -> Application:
    """Turn an application down; again changes nothing. Locks it. Raises NotFound, AlreadyDecided."""
    application, grant = _locked(application_id, by, at)
    if application.status == ApplicationStatus.REJECTED:
        return application
    require(application.is_waiting, AlreadyDecided)
    application.reject(reason=reason, by=by, at=at)
    with acting(by=by, at=at, grant=grant) as act:
        _save_decided(application, act)
    return application


@transaction.atomic
def forget_applications(*, at: datetime) -> int:
    """Delete applications that were decided long ago, as their data is no longer needed; returns how many."""
    forgotten = Application.objects.filter(decided_at__lt=at - KEPT).delete()[0]
    if forgotten:
        with acting(by=None, at=at) as act:
            act.record(Acts.APPLICATION_FORGOTTEN, "formation", count=forgotten)
    return forgotten


def _locked(application_id: UUID, by: User, at: datetime) -> tuple[Application, Grant]:
    """Return the application, locked, and the grant to decide on it."""
    # No JOIN: after waiting for the lock, joined rows would be as they were before.
    application = applications_to_lock().filter(pk=application_id).first()
    if application is None:
        raise NotFound
    return application, require(may_manage(by, application.unit, at))


def _save_decided(application: Application, act: Act) -> None:
    application.save()
    to = ApplicationStatus(application.status)
    act.record(DECIDED[to], _subject(application), unit=application.unit.number)
    _tell(application, act)


def _tell(application: Application, act: Act) -> None:
    unit = application.unit
    leaders = numbers_of_leaders([unit], at=act.at)[unit.pk]
    event = ApplicationChanged(application=application.pk, status=ApplicationStatus(application.status))
    if leaders:
        act.tell(unit.topic, event, Audience(numbers=leaders))


def _count(address: str, at: datetime) -> None:
    """Count one more application from an address. Raises TooMany; where a cache loses counts, fewer are refused."""
    key, now_s = f"applications.{address}", int(at.timestamp())
    cache.add(key, 0, _HOUR_S)
    until_s = cache.get_or_set(f"{key}.until", now_s + _HOUR_S, _HOUR_S) or now_s
    try:
        count = cache.incr(key)
    except ValueError:  # it has just expired
        return
    if count > MOST_OF_ADDRESS:
        raise TooMany(
            "Too many applications come from this network; try again later.",
            retry_after_s=until_s - now_s,
            limit=Allowance("applications", MOST_OF_ADDRESS, _HOUR_S),
        )


def _subject(application: Application) -> str:
    return f"application.{application.pk}"


def lock_waiting(unit: Unit) -> None:
    """Lock the applications that wait in a unit, before the unit, as deciding on one does."""
    waiting = unit.applications.waiting()
    list(applications_to_lock(waiting).order_by("pk").values_list("pk"))


def hand_over(unit: Unit, successor: Unit) -> None:
    """Give the applications that wait in a unit to its successor, except those of a person who applied there too."""
    there: dict[str, dict[str, str]] = defaultdict(dict)
    for key, name in successor.applications.waiting().values_list("phone_key", "name"):
        there[family_of(key)][key] = name
    for one in unit.applications.waiting().order_by("pk"):
        known = there[family_of(one.phone_key)]
        free = next((key for key in phone_keys(one.phone) if key not in known), None)
        if free is None or any(same_name(name, one.name) for name in known.values()):
            one.delete()
            continue
        one.phone_key = free if one.phone_key in known else one.phone_key
        one.unit, known[one.phone_key] = successor, one.name
        one.save(update_fields=["unit", "phone_key"])


def erase_applications(volunteer: Volunteer) -> None:
    """Empty the application that made a person a volunteer, and delete others with their phone and name."""
    applications_of(volunteer).filter(volunteer=None).delete()
    applications_of(volunteer).update(
        name="", phone_sealed="", phone_key="", born_on=None, password="", reason="", volunteer=None
    )


def move_to_kept(gone: Volunteer, kept: Volunteer) -> None:
    """Give the applications of a record that is merged to the one that is kept."""
    Application.objects.filter(volunteer=gone).update(volunteer=kept)
