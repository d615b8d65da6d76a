"""Locks on occasions, policies and lines, in this order. The first two come after tasks, and before volunteers."""

from django.db.models import QuerySet

from backend.lib.locks import locking
from backend.papers.models import Line, Occasion, Policy


def occasions_to_lock(among: QuerySet[Occasion] | None = None) -> QuerySet[Occasion]:
    """Return occasions that are locked as they are read."""
    return locking(Occasion, among)


def policies_to_lock(among: QuerySet[Policy] | None = None) -> QuerySet[Policy]:
    """Return policies that are locked as they are read: the last place of one goes to exactly one person."""
    return locking(Policy, among)


def lines_to_lock(among: QuerySet[Line] | None = None) -> QuerySet[Line]:
    """Return lines that are locked as they are read."""
    return locking(Line, among)
