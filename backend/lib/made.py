"""What clients make under ids of their own: a retry is the same row, and of two callers at once one has the id."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import IntegrityError, transaction

from backend.lib.errors import Refusal

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Made(Generic[_Row]):
    """What an act has made, and whether it is new: the same again is a retry."""

    row: _Row
    is_new: bool

    @property
    def status(self) -> int:
        """The status of its answer over REST: 201 for what is new, 200 for a retry."""
        return 201 if self.is_new else 200


@contextmanager
def unless_taken(refusal: type[Refusal]) -> Iterator[None]:
    """Let a row be written that must be the only one of its kind.

    Raises the refusal if another caller has written the like meanwhile; what was written here is undone.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise refusal from error
