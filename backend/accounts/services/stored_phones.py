"""Brings phones of accounts that were stored under an earlier rule into the form of today's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from backend.accounts import hooks
from backend.accounts.acting import acting
from backend.accounts.acts import Acts
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import PHONE_COLUMNS, User, phone_key
from backend.accounts.queries import people_of_phone
from backend.lib.bulk import update_rows
from backend.lib.phones import read_phone

PORTION = 1_000


@dataclass(slots=True)
class Tally:
    """What became of the phones: counts, and the numbers of the volunteers whom an operator has to look at."""

    seen: int = 0
    changed: int = 0
    unreadable: list[int] = field(default_factory=list)
    colliding: list[tuple[int, int]] = field(default_factory=list)
    """Volunteers whose phone would be that of the other one: both stay as they are."""


def normalise_phones(*, at: datetime) -> Tally:
    """Store every account's phone in its form, portion by portion; what is in its form already is not touched."""
    told, last = Tally(), 0
    while last := _normalise_portion(last, told, at):
        pass
    return told


@transaction.atomic
def _normalise_portion(after: int, told: Tally, at: datetime) -> int:
    """Look at the accounts behind one, and return the last of them, 0 at the end."""
    users = User.objects.filter(pk__gt=after, volunteer__isnull=False).exclude(phone_sealed="")
    portion = list(accounts_to_lock(users.select_related("volunteer")).order_by("pk")[:PORTION])
    changed = _changed(portion, told)
    update_rows(changed, list(PHONE_COLUMNS))
    if changed:
        with acting(by=None, at=at) as act:
            act.record(Acts.PHONES_NORMALISED, "accounts", changed=len(changed))
    told.seen, told.changed = told.seen + len(portion), told.changed + len(changed)
    return portion[-1].pk if portion else 0


def _changed(portion: Sequence[User], told: Tally) -> list[User]:
    changed: dict[str, User] = {}
    for user in portion:
        number = hooks.number_of(user)
        try:
            phone = read_phone(user.phone)
        except ValueError:
            told.unreadable.append(number)
            continue
        if phone == user.phone:
            continue
        key = str(phone_key(phone))
        other = changed.get(key) or people_of_phone(phone).select_related("volunteer").order_by("pk").first()
        if other is not None:
            told.colliding.append((number, hooks.number_of(other)))
            continue
        user.phone = phone
        changed[key] = user
    return list(changed.values())
