"""Locks on corrections. A correction is locked after the account and the volunteer that it is of."""

from django.db.models import QuerySet

from backend.corrections.models import Correction
from backend.lib.locks import locking


def corrections_to_lock(among: QuerySet[Correction] | None = None) -> QuerySet[Correction]:
    """Return corrections that are locked as they are read."""
    return locking(Correction, among)
