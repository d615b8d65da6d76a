"""Puts people on phones: one alone, or a family that shares one."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act
from backend.accounts.acts import Acts
from backend.accounts.models import MOST_OF_PHONE, PHONE_COLUMNS, User, phone_keys
from backend.accounts.queries import people_of_phone
from backend.lib.errors import Refusal


class PhoneTaken(Refusal):
    """Another person has this phone already; if they share it, send `shared_phone`."""

    slug = "phone-taken"
    field = "phone"
    text = _("Another person has this phone already. If they share it, say so.")


class PhoneFull(Refusal):
    """So many people share this phone already that it takes no more."""

    slug = "phone-full"
    field = "phone"
    text = _("Eight people share this phone already. It takes no more.")


def open_account(phone: str | None, password: str | None, *, shared: bool, act: Act) -> User:
    """Make an account; without a password it cannot be used to sign in. Raises PhoneTaken, PhoneFull."""
    user = User.objects.new_user(phone, password)
    if phone:
        put_on_phone(user, phone, shared=shared, act=act)
    else:
        user.save()
    return user


def put_on_phone(user: User, phone: str, *, shared: bool, act: Act) -> None:
    """Save an account, which is new or locked, with a phone.

    `shared`: a leader says that others may have it too. Two who take a phone at once meet at its key: without that
    word the later one is refused, with it they get different places. Raises PhoneTaken, PhoneFull.
    """
    others = _saved_on_phone(user, phone, shared=shared)
    if others:
        act.record(Acts.PHONE_SHARED, f"user.{user.pk}", people=others + 1)


def _saved_on_phone(user: User, phone: str, *, shared: bool) -> int:
    """Save an account in the first free place of a phone; returns how many others have it."""
    columns = PHONE_COLUMNS if user.pk else None
    for _attempt in range(MOST_OF_PHONE):
        taken = set(people_of_phone(phone).exclude(pk=user.pk).values_list("phone_key", flat=True))
        if taken and not shared:
            break
        free = next((key for key in phone_keys(phone) if key not in taken), None)
        if free is None:
            raise PhoneFull
        user.phone, user.phone_key = phone, free
        try:
            with transaction.atomic():
                user.save(update_fields=columns)
        except IntegrityError:  # another person has got the place meanwhile
            continue
        return len(taken)
    raise PhoneFull if shared else PhoneTaken


def leave_phone(user: User) -> None:
    """Save a locked account without its phone; those who share it keep theirs."""
    user.phone = ""
    user.save(update_fields=PHONE_COLUMNS)


def move_phone(*, to: User, of: User, at: datetime) -> None:
    """Move a phone that was missing, with its place on it: those who share it keep theirs. Both accounts are locked.

    It is masked for the account that gets it as if its password were new.
    """
    moved = {column: getattr(of, column) for column in PHONE_COLUMNS}
    leave_phone(of)
    if moved["phone_key"] and not to.phone:
        User.objects.filter(pk=to.pk).update(**moved, password_set_at=at)
        to.refresh_from_db(fields=[*moved, "password_set_at"])
