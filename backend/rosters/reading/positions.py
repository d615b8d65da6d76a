"""Numbers the people of a file in the order in which they are read, over all sheets and tables."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from backend.rosters.reading.refusals import UnreadableRoster

_MOST_STRETCHES = 2_000
_LAST = 2_000_000_000


class Stretch(NamedTuple):
    """Rows that are numbered on: after which position, from which row on, how many tables there are side by side."""

    after: int
    row: int
    tables: int
    sheet: str


class Positions:
    """The positions of a file's people. In a file with one sheet and one table a position is the row itself."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self.last = 0

    def begin(self, *, sheet: str, row: int, tables: int) -> None:
        """Begin another sheet, or from a row on other tables in the same one. Raises UnreadableRoster."""
        self.stretches.append(Stretch(self.last, row, tables, sheet))
        if len(self.stretches) > _MOST_STRETCHES:
            raise UnreadableRoster("The file has too many tables for a roster.")

    def of(self, row: int, table: int) -> int:
        """Return the position of the person in a row of a table. Raises UnreadableRoster."""
        stretch = self.stretches[-1]
        self.last = stretch.after + (row - stretch.row) * stretch.tables + table + 1
        if self.last > _LAST:
            raise UnreadableRoster("The file has too many tables for a roster.")
        return self.last


def located(position: int, stretches: Sequence[Stretch]) -> tuple[str, int]:
    """Return the sheet and the row of a position; the sheet of a CSV file has no name."""
    place = bisect_left(stretches, position, key=lambda stretch: stretch.after) - 1
    if place < 0:
        return "", position
    stretch = stretches[place]
    return stretch.sheet, stretch.row + (position - stretch.after - 1) // stretch.tables
