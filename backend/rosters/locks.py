"""Locks on imports: one worker at a time goes on with each."""

from django.db.models import QuerySet

from backend.lib.locks import locking
from backend.rosters.models import RosterImport


def imports_to_lock(among: QuerySet[RosterImport] | None = None) -> QuerySet[RosterImport]:
    """Return imports that are locked as they are read."""
    return locking(RosterImport, among)
