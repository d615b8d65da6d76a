"""Erases a person, at that person's request: every room deletes its own rows, and is asked in the order of locks."""

from datetime import datetime
from itertools import chain

from django.db import transaction
from django.db.models import Q

from backend.accounts.acting import Act, acting
from backend.accounts.locks import lock_devices
from backend.accounts.login_attempts import forget_guesses, unknown_name
from backend.accounts.models import User
from backend.accounts.services.closing import erase_account
from backend.accounts.services.passwords import PasswordWrong
from backend.lib.errors import require
from backend.privacy.acts import Acts
from backend.privacy.schemas import Erased
from backend.realtime.people import forget_people
from backend.volunteers import hooks
from backend.volunteers.locks import volunteers_to_erase
from backend.volunteers.models import Purpose, Volunteer
from backend.volunteers.queries.numbers import numbers_of
from backend.volunteers.services.consents import withdraw_for
from backend.volunteers.services.counts import recount
from backend.volunteers.services.duty import change_duty
from backend.volunteers.services.removal import empty_record, end_service

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
        guessed_at = [f"{number:08d}" for number in numbers]
        guessed_at += [unknown_name(one.user.phone) for one in records if one.user.phone]
        for one in records:
            _erase_record(one, act)
        forget_people(numbers)
        forget_guesses(guessed_at)
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
    end_service(volunteer, act=act)
    hooks.erased(
        volunteer, act=act
    )  # before the phone goes, by which the rooms above find what is the person's
    erase_account(volunteer.user, act=act)
    empty_record(volunteer, at=act.at)
    act.record(Acts.VOLUNTEER_ERASED, f"volunteer.{volunteer.pk}")
