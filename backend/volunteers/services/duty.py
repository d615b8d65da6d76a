"""People go on and off duty."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.locks import devices_to_end
from backend.accounts.models import User
from backend.accounts.queries import is_signed_out, live_devices
from backend.accounts.services import devices
from backend.lib.errors import Invalid, NotSignedIn, Refusal, require
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.events import DutyChanged
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import DUTIES_KEPT, DutyPeriod, Volunteer
from backend.volunteers.queries import duties_out, duty_out
from backend.volunteers.schemas import DutyOut
from backend.volunteers.schemas.me import DutyReason
from backend.volunteers.services.counts import change_duty_counts


class NotInService(Refusal):
    """You are suspended or retired: going on duty and accepting tasks is closed to you."""

    slug = "not-in-service"
    text = _("Your service is suspended or has ended. Ask your leader.")


def max_duty() -> timedelta:
    """Return how long duty lasts at most."""
    return settings.MUSTER.max_duty


@transaction.atomic
def set_duty(*, on: bool, until: datetime | None = None, by: User, at: datetime) -> DutyOut:
    """Go on or off duty; returns what holds now.

    `until` may shorten the maximum length, which counts from the moment duty began. Saying "on" again does not prolong
    it; going off and on does. Idempotent: saying what holds already changes nothing. Locks the volunteer. Raises
    NotInService for going on duty while suspended or retired, NotSignedIn when the last device was signed out
    meanwhile.
    """
    with acting(by=by, at=at) as act:
        return change_duty(by, on=on, until=until, act=act)


def change_duty(user: User, *, on: bool, until: datetime | None = None, act: Act) -> DutyOut:
    """Take a volunteer on or off duty, as the volunteer asks; returns what holds now. Locks the volunteer."""
    at = act.at
    volunteer = volunteers_to_lock().get(user=user)
    require(volunteer.is_in_service or not on, NotInService)
    require(not (on and is_signed_out(user, at=at)), NotSignedIn)
    before = (volunteer.duty_since, volunteer.duty_until)
    if not (on and volunteer.is_on_duty(at)):
        DutyPeriod.objects.bulk_create(_ended(volunteer, at))
    if on:
        _begin(volunteer, until, at)
    else:
        volunteer.go_off_duty()
    if before == (volunteer.duty_since, volunteer.duty_until):
        return duty_out(volunteer, at=at)
    volunteer.save(update_fields=["duty_since", "duty_until"])
    act.record(Acts.DUTY_CHANGED, f"volunteer.{volunteer.pk}", on=on)
    if on != (before[1] is not None):
        change_duty_counts([volunteer.pk], by=1 if on else -1, at=at)
    if not on:
        hooks.duty_ended([volunteer], act=act)
    duty = duty_out(volunteer, at=at)
    _tell(volunteer, duty, "asked", act)
    return duty


def end_duty_without_devices(*, user: User, act: Act) -> None:
    """End the duty of a volunteer who is signed in on no device any more.

    The calling code has locked the volunteer's devices. So when two devices sign out at once, one of them sees that
    it is the last. Locks the volunteer, also off duty: an act that goes on duty is waited for, or sees that no device
    is left.
    """
    if live_devices(act.at).filter(user=user).exists():
        return
    for volunteer in volunteers_to_lock().filter(user=user):
        if volunteer.duty_until is None:
            continue
        end_duty(volunteer, reason="signed_out", act=act)
        change_duty_counts([volunteer.pk], by=-1, at=act.at)


@transaction.atomic
def end_duty_of_run_out(*, user: User, at: datetime) -> None:
    """End the duty of a volunteer whose sign-ins have all expired. Locks the devices."""
    devices_to_end(user)
    with acting(by=None, at=at) as act:
        end_duty_without_devices(user=user, act=act)


@transaction.atomic
def sign_out(*, device_id: UUID, end_duty: bool, by: User, at: datetime) -> None:
    """End a device's tokens and sockets; with the last device duty ends too, and whenever `end_duty` asks for it."""
    with acting(by=by, at=at) as act:
        devices.end_device(device_id, by, act=act)
        if end_duty:
            change_duty(by, on=False, act=act)


def end_duty(volunteer: Volunteer, *, reason: DutyReason, act: Act) -> None:
    """End the duty of a locked volunteer, and tell of it."""
    at = act.at
    if volunteer.duty_until is None:
        return
    reason = reason if volunteer.is_on_duty(at) else "too_long"
    DutyPeriod.objects.bulk_create(_ended(volunteer, at))
    volunteer.save(update_fields=volunteer.go_off_duty())
    act.record(Acts.DUTY_CHANGED, f"volunteer.{volunteer.pk}", on=False)
    hooks.duty_ended([volunteer], act=act)
    _tell(volunteer, duty_out(volunteer, at=at), reason, act)


@transaction.atomic
def end_overlong_duty(*, at: datetime, limit: int = 500) -> int:
    """End the duty of volunteers whose time is up; returns of how many.

    Skips locked rows: another process has them at this moment.
    """
    overdue = list(
        volunteers_to_lock(Volunteer.objects.overlong(at), skip_locked=True).order_by("pk")[:limit]
    )
    DutyPeriod.objects.bulk_create(period for volunteer in overdue for period in _ended(volunteer, at))
    for volunteer in overdue:
        volunteer.go_off_duty()
    Volunteer.objects.bulk_update(overdue, ["duty_since", "duty_until"])
    change_duty_counts([volunteer.pk for volunteer in overdue], by=-1, at=at)
    with acting(by=None, at=at) as act:
        hooks.duty_ended(overdue, act=act)
        for volunteer, duty in zip(overdue, duties_out(overdue, at=at), strict=True):
            act.record(Acts.DUTY_CHANGED, f"volunteer.{volunteer.pk}", on=False)
            _tell(volunteer, duty, "too_long", act)
    return len(overdue)


@transaction.atomic
def forget_duty_periods(*, at: datetime) -> int:
    """Delete the record of duties that are too old for a phone to bring back fixes of them; returns how many."""
    forgotten = DutyPeriod.objects.filter(until__lt=at - DUTIES_KEPT).delete()[0]
    if forgotten:
        with acting(by=None, at=at) as act:
            act.record(Acts.DUTY_FORGOTTEN, "formation", count=forgotten)
    return forgotten


def _ended(volunteer: Volunteer, at: datetime) -> list[DutyPeriod]:
    """Return the duty that ends now, or ended by itself before; none for a volunteer who was not on duty."""
    since, until = volunteer.duty_since, volunteer.duty_until
    return [DutyPeriod(volunteer=volunteer, since=since, until=min(at, until))] if since and until else []


def _begin(volunteer: Volunteer, until: datetime | None, at: datetime) -> None:
    since = volunteer.duty_since if volunteer.is_on_duty(at) and volunteer.duty_since else at
    latest = since + max_duty()
    if until is not None and until <= at:
        raise Invalid(errors=[{"pointer": "/until", "detail": "must be later than now"}])
    volunteer.duty_since = since
    volunteer.duty_until = min(until, latest) if until else latest


def _tell(volunteer: Volunteer, duty: DutyOut, reason: DutyReason, act: Act) -> None:
    act.tell(volunteer.topic, DutyChanged(volunteer=f"{volunteer.number:08d}", duty=duty, reason=reason))
