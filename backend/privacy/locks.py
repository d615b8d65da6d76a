"""Locks on rows of any room whose sealed columns are sealed anew."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from backend.lib.locks import locking

_M = TypeVar("_M", bound=Model)


def rows_to_lock(rows: QuerySet[_M]) -> QuerySet[_M]:
    """Return rows that are locked as they are read."""
    return locking(rows.model, rows)
