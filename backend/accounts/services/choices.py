"""Lets a sign-in choose among the people of a shared phone whose password was shown."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.accounts import hooks
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import Choice, User
from backend.accounts.schemas.sign_in import PersonAsked, PersonOfPhone
from backend.accounts.services.once import given_once
from backend.accounts.services.refusals import ChoiceOver
from backend.lib.encryption import lookup_key
from backend.lib.errors import CredentialsWrong, require
from backend.realtime import keys

GOOD_FOR = timedelta(minutes=5)


@transaction.atomic
def ask_which(users: Sequence[User], *, device_id: UUID | None, at: datetime) -> PersonAsked:
    """Let the device choose among people whose password it has shown; what it is told opens one of them, for minutes.

    Choices of these people that wait are void. Locks the accounts. Raises CredentialsWrong when a password was changed
    meanwhile.
    """
    keys_of = [user.pk for user in users]
    stored = {user.pk: user for user in accounts_to_lock().filter(pk__in=keys_of).order_by("pk")}
    require(all(stored[user.pk].password == user.password for user in users), CredentialsWrong)
    void = list(Choice.objects.filter(user__in=keys_of).values_list("token_key", flat=True))
    Choice.objects.filter(token_key__in=void).delete()
    token, until = secrets.token_urlsafe(32), at + GOOD_FOR
    Choice.objects.bulk_create(
        Choice(
            user=user,
            token_key=_key_of(token),
            password_key=_password_key(user),
            from_device=device_id,
            expires_at=until,
        )
        for user in users
    )
    return _asked(token, users, until)


def people_to_choose(token: str, *, at: datetime) -> PersonAsked:
    """Return among whom a page has to choose, for a page that is shown again. Raises ChoiceOver."""
    rows = list(_rows(token, None, at).select_related("user__volunteer").order_by("user"))
    require(rows, ChoiceOver)
    return _asked(token, [row.user for row in rows], rows[0].expires_at)


@transaction.atomic
def take_choice(*, token: str, number: str, device_id: UUID | None, at: datetime) -> User:
    """Return the person whom a device chooses; from now on the token opens no other person.

    A device whose answer was lost may choose the same person again as long as the token is good; a page may not. Locks
    the accounts, so that of two choices at once one counts. Raises ChoiceOver.
    """
    list(accounts_to_lock().filter(pk__in=_rows(token, device_id, at).values("user")).order_by("pk"))
    rows = _rows(token, device_id, at)
    waiting = {f"{hooks.number_of(row.user):08d}": row for row in rows.select_related("user__volunteer")}
    chosen = waiting.get(number.replace(" ", ""))
    if chosen is None or chosen.password_key != _password_key(chosen.user):
        raise ChoiceOver
    others = Choice.objects.filter(pk__in=[row.pk for row in waiting.values()])
    (others.exclude(pk=chosen.pk) if device_id else others).delete()
    return chosen.user


def chosen_once(user: User, token: str, device_id: UUID) -> keys.Asked:
    """Return the key under which the sign-in of a chosen person is kept: the same choice again is the same sign-in."""
    return given_once(hooks.number_of(user), "choice", device_id, token)


@transaction.atomic
def forget_choices(*, at: datetime) -> int:
    """Delete the choices whose time is up; returns how many."""
    return Choice.objects.filter(expires_at__lte=at).delete()[0]


def _rows(token: str, device_id: UUID | None, at: datetime) -> QuerySet[Choice]:
    return Choice.objects.open_(at).filter(token_key=_key_of(token), from_device=device_id)


def _asked(token: str, users: Sequence[User], until: datetime) -> PersonAsked:
    people = [
        PersonOfPhone(number=f"{hooks.number_of(user):08d}", name=user.volunteer.name) for user in users
    ]
    return PersonAsked(choice=token, people=people, expires_at=until)


def _key_of(token: str) -> str:
    return lookup_key(token, "choice")


def _password_key(user: User) -> str:
    return lookup_key(user.password, "password shown")
