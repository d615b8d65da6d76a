"""How far the issue of numbers has got, and the aliases: numbers that volunteers had before."""

import secrets
from collections.abc import Iterator

from django.db import models

from backend.volunteers.models.people import Volunteer
from backend.volunteers.number_permutation import LIFE, TEMPORARY, Span


def new_key() -> bytes:
    """Return a key that scatters numbers."""
    return secrets.token_bytes(16)


class Series(models.IntegerChoices):
    """The two kinds of volunteer numbers; the value is the key of the series' counter."""

    LIFE = 1
    TEMPORARY = 2

    @property
    def span(self) -> Span:
        """The serials of this series."""
        return LIFE if self == Series.LIFE else TEMPORARY


def series_of(number: int) -> Series:
    """Return the series that a valid number belongs to."""
    return Series.TEMPORARY if TEMPORARY.holds(number) else Series.LIFE


class NumberCounter(models.Model):
    """How many numbers of a series were tried so far: one row for each series, and its lock serialises the issue.

    The key scatters the numbers. It lives here and not in the settings: another key would issue numbers again that
    volunteers already have.
    """

    used = models.PositiveIntegerField(default=0)
    key = models.BinaryField(default=new_key, max_length=16)

    @property
    def span(self) -> Span:
        """The serials that this counter issues."""
        return Series(self.pk).span

    def numbers(self, first: int, indexes: int) -> Iterator[int]:
        """Yield the numbers of indexes in a row, without those that are skipped."""
        for index in range(first, first + indexes):
            number = self.number_at(index)
            if number is not None:
                yield number

    def number_at(self, index: int) -> int | None:
        """Return the number that an index stands for; None for one that is skipped."""
        return self.span.number_at(index, bytes(self.key))

    def index_of(self, number: int) -> int:
        """Return the index that stands for a number of this series."""
        return self.span.index_of(number, bytes(self.key))


class NumberAlias(models.Model):
    """An earlier number of a volunteer, which still leads to the volunteer."""

    number = models.PositiveIntegerField(unique=True)
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="aliases")
