"""Merged cells: what stands in one of them is meant for all the rows that it goes over."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

MAX_MERGES = 200_000
"""Merged cells of a workbook; a roster in which each village is one has some hundreds."""
TOO_MANY_MERGES = "Too many cells of the workbook are merged; save it as CSV."


class Merge(NamedTuple):
    """A merged cell: its first and last row, and its first and last column counted from zero."""

    top: int
    bottom: int
    left: int
    right: int


class Covered(NamedTuple):
    """A place that a merged cell goes over: until which row, what stands in it, and whether in its first column."""

    bottom: int
    value: Any
    is_first: bool


class MergesOfRows:
    """Tells, row by row from above, what is covered by merged cells; where they overlap, the last counts."""

    def __init__(self, merges: Iterable[Merge], columns: int) -> None:
        wanted = (
            merge._replace(right=min(merge.right, columns - 1))
            for merge in merges
            if merge.left < columns and merge.top <= merge.bottom and merge.left <= merge.right
        )
        self._waiting = sorted(wanted, reverse=True)
        self._active: dict[int, Covered] = {}
        self._next_end = 0

    def of(self, number: int, cells: Sequence[Any]) -> dict[int, Covered]:
        """Return what is covered in a row, by column: what merged cells from above or from the left go over."""
        if self._active and number > self._next_end:
            self._active = {place: each for place, each in self._active.items() if each.bottom >= number}
            self._next_end = min((each.bottom for each in self._active.values()), default=0)
        if not self._waiting or self._waiting[-1].top > number:
            return self._active
        # Rows keep what they were told: neither of the two is changed once it was returned.
        self._active, covered = dict(self._active), dict(self._active)
        while self._waiting and self._waiting[-1].top <= number:
            self._begin(self._waiting.pop(), number, cells, covered)
        self._next_end = min((each.bottom for each in self._active.values()), default=0)
        return covered

    def _begin(self, merge: Merge, number: int, cells: Sequence[Any], covered: dict[int, Covered]) -> None:
        if merge.bottom < number:
            return
        value = cells[merge.left] if merge.top == number and merge.left < len(cells) else None
        for place in range(merge.left, merge.right + 1):
            self._active[place] = covered[place] = Covered(merge.bottom, value, place == merge.left)
        if merge.top == number:
            del covered[merge.left]  # it stands here itself
