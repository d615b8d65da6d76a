"""Locks on applications and transfers. A transfer is locked after its volunteer, both before units."""

from django.db.models import QuerySet

from backend.joining.models import Application, Transfer
from backend.lib.locks import locking


def applications_to_lock(among: QuerySet[Application] | None = None) -> QuerySet[Application]:
    """Return applications that are locked as they are read."""
    return locking(Application, among)


def transfers_to_lock(among: QuerySet[Transfer] | None = None) -> QuerySet[Transfer]:
    """Return transfers that are locked as they are read."""
    return locking(Transfer, among)
