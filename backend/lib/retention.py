"""How long rows are kept after they are over: each room declares it of its own rows, in its `due.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

STEP = 5_000
"""Rows of one kind that are deleted at once. The rest waits for the next run, so that no transaction is long."""

YEAR = timedelta(days=365)

Over = Callable[[datetime], QuerySet[Any]]
"""Returns the rows that were over before a moment."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long the rows of one kind are kept after they are over."""

    kept: timedelta
    over: Over

    def delete(self, *, at: datetime) -> int:
        """Delete the rows past the limit, at most 5,000; returns how many, with what goes with them."""
        rows = self.over(at - self.kept)
        step = list(rows.order_by("pk").values_list("pk", flat=True)[:STEP])
        deleted: int = rows.model._default_manager.filter(pk__in=step).delete()[0]  # noqa: SLF001  # of any model
        return deleted


LIMITS: dict[str, Limit] = {}
"""The limits by the name of their kind, which the report of retention shows."""


def keep(kind: str, over: Over, *, kept: timedelta) -> None:
    """Declare how long rows of one's own are kept. Raises ValueError for a kind that has a limit."""
    if kind in LIMITS:
        raise ValueError(f"how long {kind} are kept is declared twice")
    LIMITS[kind] = Limit(kept, over)
