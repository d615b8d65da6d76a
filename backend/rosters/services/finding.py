"""Counts and notes the people of other units whom an import finds, and tells them."""

from datetime import datetime

from django.db.models import Q

from backend.accounts.models import User
from backend.accounts.queries import later_people_of
from backend.rosters.models import Newcomer, RosterImport
from backend.volunteers.services.finding import count_found, not_covered

MOST_NOTED = 5_000
"""People found by one import who are noted; an import that finds more than the day allows is given up anyway."""


def note_found_by_import(batch: RosterImport, *, by: User | None, at: datetime) -> None:
    """Count, note and tell which people of other units an import finds; on the command line nothing is counted.

    Commits by itself: what was found stays noted when the import is given up. Raises TooManyFound when there are more
    than the day has left; the report of the file then says nothing of any of them.
    """
    if by is None:
        return
    found = _others_in(batch, by, at)
    if found:
        count_found(found, how="import", by=by, at=at)


def _others_in(batch: RosterImport, by: User, at: datetime) -> set[int]:
    """Return the people with a phone or an identity card of the batch whom no post of the importer covers."""
    waiting = Newcomer.objects.filter(batch=batch)
    keys = waiting.exclude(phone_key=None).values("phone_key")
    phones, shared = Q(user__phone_key__in=keys), Q(user__in=later_people_of(keys))
    cards = Q(id_card_key__in=waiting.exclude(id_card_key=None).values("id_card_key"))
    others = not_covered(by, at)
    # Three statements: the database looks the keys of each up in its own index.
    return {
        pk
        for same in (phones, shared, cards)
        for pk in others.filter(same).values_list("pk", flat=True)[:MOST_NOTED]
    }
