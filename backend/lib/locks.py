"""The one way to lock rows: each room names in its `locks.py` which of its rows are locked; no other module does."""

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
    """Lock rows of a model, and of related models `also`, as they are read, until the transaction ends; None: any.

    The lock leaves the keys alone (`FOR NO KEY UPDATE`): rows that refer to these can be added meanwhile. Rows that are
    to be deleted need the whole lock. `skip_locked` leaves out what another transaction holds, where the database can.
    """
    skips = skip_locked and connection.features.has_select_for_update_skip_locked
    rows = model._default_manager.all() if among is None else among  # noqa: SLF001  # for code that knows no model
    return rows.select_for_update(of=("self", *also), skip_locked=skips, no_key=not deleting)
