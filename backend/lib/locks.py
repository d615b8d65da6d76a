"""The one way to lock rows; each room's `locks.py` names the rows that are locked, and no other module locks any."""

from collections.abc import Sequence
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

_M = TypeVar("_M", bound=Model)


def locking(
    model: type[_M],
    among: QuerySet[_M] | None = None,
    *,
    also: Sequence[str] = (),
    skip_locked: bool = False,
    deleting: bool = False,
) -> QuerySet[_M]:
    """Lock rows of a model, and of related models `also`, as they are read, until the transaction ends; None: any row.

    The lock is `FOR NO KEY UPDATE`: other transactions can still add rows that refer to these. Rows that will be
    deleted need the full lock. `skip_locked` leaves out rows that another transaction holds, where the database
    supports it.
    """
    skips = skip_locked and connection.features.has_select_for_update_skip_locked
    rows = model._default_manager.all() if among is None else among  # noqa: SLF001  # for code that knows no model
    return rows.select_for_update(of=("self", *also), skip_locked=skips, no_key=not deleting)
