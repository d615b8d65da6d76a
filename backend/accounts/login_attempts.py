"""Counts guesses at accounts before they are checked: for each address that guesses, and for all of them together.

A guess stays counted unless it turns out to be right. So it counts as wrong if an error of ours or the end of the
process comes during the check. Guesses at the same moment are no way round the bounds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from backend.accounts.locks import guesses_to_lock
from backend.accounts.models import MOST_OF_PHONE
from backend.lib.encryption import lookup_key
from backend.lib.errors import Allowance, TooMany
from backend.lib.phones import canonical, read_phone

MOST_EVERYWHERE = 100
"""Wrong guesses at an account, from all addresses, that lock it for every caller.

With fewer, a person who knows a number could lock its owner out for ever: the number stands on every armband.
"""
UNKNOWN = "0.0.0.0"  # noqa: S104  # nothing listens there
"""Stands for a missing address: PostgreSQL would treat several empty ones as different."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many wrong guesses lock a name: from one address, and from all of them."""

    here: int
    everywhere: int


OF_A_SUBTREE = Bounds(here=50, everywhere=500)
"""Wrong guesses at codes of all people of a subtree: one guess at each of many people is no way round the bounds."""

_Counted = tuple[datetime, int, bool]
"""Guesses of an address: when the last was counted, how many, and whether the guess of now comes from there."""


class LockOut(AxesDatabaseHandler):
    """Leaves counting to `count_guess`: axes keeps the form of a request, and the password that is in it."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:  # noqa: ARG002
        """Return none: to find out whose they are axes reads the form of a request, which may not be readable."""
        return 0

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **_: Any
    ) -> None:
        """Record nothing."""


def unknown_name(typed: str) -> str:
    """Return under which name guesses at no account are counted.

    It is not kept as it was typed: it may be the phone of a stranger, or a password in the wrong field.
    """
    return lookup_key(canonical(typed), "unknown name")


def shared_name(phone: str) -> str:
    """Return under which name guesses at all people of a shared phone are counted, whatever name of theirs was typed.

    So a walk through the accounts of a family gives no more guesses than one of them.
    """
    return f"phone {lookup_key(phone, 'shared phone')}"


def seeming_people(typed: str) -> int:
    """Return of how many people a name seems to be by the time that a wrong password takes; a number is one's.

    Of each four phones three seem to be one person's, and so on: always the same of the same phone.
    """
    try:
        drawn, people = int(lookup_key(read_phone(typed), "seeming people"), 16), 1
    except ValueError:
        return 1
    while drawn % 4 == 0 and people < MOST_OF_PHONE:
        drawn, people = drawn // 4, people + 1
    return people


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that has been counted, and is looked at now."""

    name: str
    address: str
    counted_at: datetime
    before: datetime
    """When the guess before it was counted; `counted_at` where there is none."""
    locked_for_s: int
    """For how long the account is locked by this guess if it is wrong; 0: there are more to come."""

    @transaction.atomic
    def take_back(self) -> None:
        """Count it no longer: it was right, or was not looked at. Locks its row."""
        row = guesses_to_lock(_rows(self.name)).filter(ip_address=self.address).first()
        if row is None:
            return
        row.failures_since_start -= 1
        if row.failures_since_start < 1:
            row.delete()
            return
        if row.attempt_time == self.counted_at:
            row.attempt_time = self.before
        row.save(update_fields=["failures_since_start", "attempt_time"])


def count_guess(name: str, address: str | None, *, at: datetime, bounds: Bounds | None = None) -> Guess:
    """Count a guess at the account of this name, which then may be looked at. Raises TooMany.

    `bounds` are those of an account, where none are given.
    """
    here, bounds = address or UNKNOWN, bounds or Bounds(settings.AXES_FAILURE_LIMIT, MOST_EVERYWHERE)
    if wait := _locked_for(_recent(name, here, at), at, bounds):
        raise too_many_guesses(wait)
    before, counted = _count(name, here, at), _recent(name, here, at)
    guess = Guess(name, here, at, before, _locked_for(counted, at, bounds))
    if wait := _locked_for(counted, at, bounds, looked_at=1):  # others came at the same moment
        guess.take_back()
        raise too_many_guesses(wait)
    return guess


def too_many_guesses(wait_s: int) -> TooMany:
    """Return the refusal for an account that is locked so long."""
    limit = Allowance(
        "wrong-guesses", settings.AXES_FAILURE_LIMIT, int(settings.AXES_COOLOFF_TIME.total_seconds())
    )
    return TooMany(
        "Too many wrong guesses at this account; wait and try again.", retry_after_s=wait_s, limit=limit
    )


def forget_guesses(names: Collection[str]) -> None:
    """Delete the counted guesses at an account that is no more, by the names under which they were counted."""
    AccessAttempt.objects.filter(username__in=names).delete()


@transaction.atomic
def _count(name: str, address: str, at: datetime) -> datetime:
    """Count, and return when the guess before was counted. Locks the row of the name and the address."""
    over = at - settings.AXES_COOLOFF_TIME
    AccessAttempt.objects.filter(attempt_time__lte=over).delete()
    row = _locked_row(name, address)
    before = row.attempt_time if row.failures_since_start else at
    row.failures_since_start, row.attempt_time = row.failures_since_start + 1, at
    row.save(update_fields=["failures_since_start", "attempt_time"])
    return before


def _locked_row(name: str, address: str) -> AccessAttempt:
    """Return the row of a name and an address, which is made if there is none, locked."""
    locked = guesses_to_lock()
    while True:
        try:
            return locked.get_or_create(
                username=name, ip_address=address, user_agent="", defaults={"failures_since_start": 0}
            )[0]
        except IntegrityError:  # there was one, and the request that made it has taken the guess back since
            continue


def _recent(name: str, address: str, at: datetime) -> list[_Counted]:
    """Return the guesses at an account that are not over, the oldest first."""
    rows = _rows(name).filter(attempt_time__gt=at - settings.AXES_COOLOFF_TIME)
    here = rows.annotate(here=Q(ip_address=address)).order_by("attempt_time")
    return list(here.values_list("attempt_time", "failures_since_start", "here"))


def _locked_for(counted: Sequence[_Counted], at: datetime, bounds: Bounds, *, looked_at: int = 0) -> int:
    """Return for how many seconds an account is locked for an address; 0: it is open.

    So many as are being looked at may be more than the bounds, for they have not been wrong yet.
    """
    ends = [
        _falls_below(bounds.here + looked_at, [one for one in counted if one[2]]),
        _falls_below(bounds.everywhere + looked_at, counted),
    ]
    return max(ceil((end + settings.AXES_COOLOFF_TIME - at).total_seconds()) if end else 0 for end in ends)


def _falls_below(bound: int, counted: Sequence[_Counted]) -> datetime | None:
    """Return when those guesses were counted that, once forgotten, leave fewer than the bound; None: they are fewer."""
    left, last = sum(guesses for _, guesses, _ in counted), None
    for last_at, guesses, _ in counted:
        if left < bound:
            break
        left, last = left - guesses, last_at
    return last


def _rows(name: str) -> Any:
    return AccessAttempt.objects.filter(username=name)
