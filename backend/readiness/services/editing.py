"""People change what they say of being woken entry by entry, as a page does."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pydantic
from django.db import transaction

from backend.accounts.models import User
from backend.lib.errors import Invalid
from backend.readiness.queries import waking_of
from backend.readiness.schemas import (
    DailyHoursIn,
    DailyHoursOut,
    WakingConsentIn,
    WakingConsentOut,
    WakingIn,
    WakingOut,
)
from backend.readiness.services.statements import say_waking
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Category

_Document = dict[str, list[Any]]


def add_to_waking(
    *,
    consents: Sequence[WakingConsentIn] = (),
    refused_hours: Sequence[DailyHoursIn] = (),
    refused_categories: Sequence[Category] = (),
    by: User,
    at: datetime,
) -> WakingOut:
    """Add entries to what a person says; those that are there change nothing. Locks the volunteer.

    Raises Invalid for more than may be said.
    """

    def more(said: _Document) -> _Document:
        added: _Document = {
            "consents": [one.model_dump(mode="json") for one in consents],
            "refused_hours": [one.model_dump(mode="json") for one in refused_hours],
            "refused_categories": list(refused_categories),
        }
        return {
            name: [*entries, *(one for one in added[name] if one not in entries)]
            for name, entries in said.items()
        }

    return _change(more, by, at)


def take_from_waking(
    *, entry: WakingConsentOut | DailyHoursOut | Category, by: User, at: datetime
) -> WakingOut:
    """Take an entry from what a person says; one that is not there changes nothing. Locks the volunteer."""
    gone = entry if isinstance(entry, Category) else entry.model_dump(mode="json")

    def less(said: _Document) -> _Document:
        return {name: [one for one in entries if one != gone] for name, entries in said.items()}

    return _change(less, by, at)


@transaction.atomic
def _change(change: Callable[[_Document], _Document], by: User, at: datetime) -> WakingOut:
    """Say again what was said, changed; nothing changed is nothing said, and no leader's word ends."""
    volunteer = volunteers_to_lock().get(user=by)
    known = waking_of(volunteer, at=at)
    said = known.model_dump(mode="json", include=set(WakingIn.model_fields))
    changed = change(said)
    if changed == said:
        return known
    try:
        wanted = WakingIn.model_validate(changed)
    except pydantic.ValidationError as error:
        raise Invalid(errors=[{"pointer": "", "detail": "is too much"}]) from error
    return say_waking(wanted=wanted, by=by, at=at)
