"""Locks on blocks of numbers; they come before units."""

from django.db.models import QuerySet

from backend.lib.locks import locking
from backend.numbers.models import NumberBlock


def blocks_to_lock(among: QuerySet[NumberBlock] | None = None) -> QuerySet[NumberBlock]:
    """Return blocks that are locked as they are read."""
    return locking(NumberBlock, among)
