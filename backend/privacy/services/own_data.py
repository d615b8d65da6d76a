"""Exports and deletes the data of a person, at that person's request."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from axes.models import AccessAttempt
from django.db import transaction
from django.db.models import Q

from backend.accounts.acting import Act, acting
from backend.accounts.locks import lock_devices
from backend.accounts.login_attempts import unknown_name
from backend.accounts.models import User
from backend.accounts.services.passwords import PasswordWrong
from backend.lib.errors import require
from backend.privacy.acts import Acts
from backend.privacy.schemas import Erased
from backend.privacy.sealed_columns import SUFFIX
from backend.realtime.people import forget_people
from backend.tracking.models import Fix
from backend.tracking.positions import forget
from backend.volunteers import hooks
from backend.volunteers.locks import volunteers_to_erase
from backend.volunteers.models import Purpose, Volunteer
from backend.volunteers.queries.numbers import numbers_of
from backend.volunteers.services.consents import withdraw_for
from backend.volunteers.services.counts import recount
from backend.volunteers.services.duty import change_duty
from backend.volunteers.services.standing import end_all_posts

KEPT = (
    "The number, which nobody else is ever given.",
    "Since when and until when you agreed to what, without your name.",
    "The record of acts, by number.",
    "The numbers you had: nobody gets them again.",
)


@transaction.atomic
def erase_person(*, by: User, at: datetime) -> Erased:
    """Delete everything of a person at once; the password has been checked.

    Name, phone, identity card, date of birth, skills, guardians, tracks, devices and sessions go; memberships and posts
    end. Service records stay with the number, which leads to no person any more. The same is done to records that were
    merged into this one. Locks what the apps' checks lock, then these records in the order of their keys. Raises
    PasswordWrong when the password was changed meanwhile, and what a check raises: a volunteer who has accepted a task
    gives it back first.
    """
    # What the checks lock comes before the person, as everywhere: answering locks the task, then touches the account.
    kept = [*KEPT, *chain(*hooks.erasing(by.volunteer, at=at))]
    lock_devices([by.pk])
    records = _locked_records(by)
    own = next(one for one in records if one.user_id == by.pk)
    require(own.erased_at is None)
    require(own.user.password == by.password, PasswordWrong)  # it was checked before the lock
    with acting(by=by, at=at) as act:
        change_duty(by, on=False, act=act)
        own.go_off_duty()
        units = list(own.memberships.values_list("unit", flat=True))
        numbers = numbers_of(own)
        for one in records:
            _erase_record(one, act)
        _erase_traces(numbers, at)
        recount(units, at=at)
        act.keep_silent_on(f"person.{number:08d}" for number in numbers)
    return Erased(number=f"{own.number:08d}", erased_at=at, kept=kept)


def _locked_records(by: User) -> list[Volunteer]:
    """Return the person's record, and those that were merged into it: these still hold their data."""
    theirs = Q(user=by) | Q(merged_into__user=by)
    locked = volunteers_to_erase()
    return list(locked.filter(theirs).order_by("pk"))


def _erase_record(volunteer: Volunteer, act: Act) -> None:
    """Erase one record; others are told of transfers and posts, without a name."""
    withdraw_for(volunteer, list(Purpose), act=act)
    _erase_own_parts(volunteer)
    _end_sessions(volunteer.user, act)
    _erase_service(volunteer, act)
    hooks.erased(volunteer, act=act)
    _erase_profile(volunteer, act.at)
    act.record(Acts.VOLUNTEER_ERASED, f"volunteer.{volunteer.pk}")


def _end_sessions(user: User, act: Act) -> None:
    for device in user.devices.not_revoked():
        act.end_session(device.session)
    user.devices.all().delete()
    user.trackers.all().delete()
    if user.phone:
        AccessAttempt.objects.filter(username=unknown_name(user.phone)).delete()


def _erase_service(volunteer: Volunteer, act: Act) -> None:
    """End what the person does, and take out the words and papers of others about them."""
    end_all_posts(volunteer, act=act)
    volunteer.memberships.all().delete()
    volunteer.duty_periods.all().delete()
    volunteer.looks.all().delete()
    volunteer.guardians.not_withdrawn().update(withdrawn_at=act.at)
    volunteer.guardians.update(name="", phone_sealed="")
    volunteer.credentials.update(reference="")


def _erase_traces(numbers: Sequence[int], at: datetime) -> None:
    """Delete what is kept by number, also by the numbers that the person had before."""
    forget(numbers, at=at)
    forget_people(numbers)
    Fix.objects.filter(person__in=numbers).delete()
    AccessAttempt.objects.filter(username__in=[f"{number:08d}" for number in numbers]).delete()


def _erase_profile(volunteer: Volunteer, at: datetime) -> None:
    """Empty the columns that identify the person; sealed columns are found, also those added later."""
    user = volunteer.user
    user.set_unusable_password()
    user.is_active, user.language, user.phone = False, "", ""
    for row in (user, volunteer):
        _empty_sealed(row)
    user.save()
    volunteer.skills.clear()
    volunteer.name, volunteer.born_on, volunteer.erased_at = "", None, at
    volunteer.retire(at=at)
    volunteer.save()


def _empty_sealed(row: Any) -> None:
    """Empty every sealed column, and the key by which it is found."""
    names = {field.name for field in row._meta.concrete_fields}  # noqa: SLF001  # the documented way to a model's fields
    for name in names:
        if name.endswith(SUFFIX):
            setattr(row, name, "")
            key = f"{name.removesuffix(SUFFIX)}_key"
            if key in names:
                setattr(row, key, None)


def _erase_own_parts(volunteer: Volunteer) -> None:
    """Delete second factors, invitations, codes and plans; numbers stay: they lead to no name any more."""
    user = volunteer.user
    for rows in (user.recovery_codes, user.challenges, user.invitations, user.sign_in_codes):
        rows.all().delete()
    if factor := getattr(user, "second_factor", None):
        factor.delete()
    volunteer.weekly_availability.all().delete()
    volunteer.dated_availability.all().delete()
