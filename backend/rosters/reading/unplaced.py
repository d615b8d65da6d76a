"""Counts people whose unit no column names, and finds columns that hold units though their headings do not say so."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from backend.rosters.reading.columns import Column, Heading, letters
from backend.rosters.reading.events import PersonFound
from backend.rosters.reading.people_below import Ranges

_LOOKED_AT = 200
"""People of a sheet whose unread cells are looked at: what holds units does so from its first rows on."""
_LONGEST = 40
_MOST_COLUMNS = 20


class Unplaced:
    """People of one sheet; `is_below` tells whether a text is a unit below that of the import."""

    def __init__(self, sheet: str, is_below: Callable[[str], bool]) -> None:
        self._sheet, self._is_below = sheet, is_below
        self._rows, self._count, self._seen = Ranges(), 0, 0
        self._texts: defaultdict[int, int] = defaultdict(int)
        self._units: defaultdict[int, int] = defaultdict(int)

    def add(self, row: int) -> None:
        """Count a person who comes into the unit of the import for want of a column."""
        self._rows.add(row)
        self._count += 1

    def look_at(self, found: PersonFound, headings: Sequence[Heading]) -> None:
        """Look at the cells of a person that are not read; only of the first people of a sheet."""
        self._seen += 1
        if self._seen > _LOOKED_AT or Column.UNIT in headings[found.table].places:
            return
        read = {place for heading in headings for place in (*heading.places.values(), *heading.above)}
        for place, cell in enumerate(found.cells):
            if place not in read and isinstance(cell, str) and 1 < len(text := cell.strip()) <= _LONGEST:
                self._texts[place] += 1
                self._units[place] += self._is_below(text)

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What is to be told of the sheet. A column holds units when half of what stands in it is one."""
        held = [place for place, count in sorted(self._units.items()) if 2 * count >= self._texts[place] > 0]
        notes = [self._note("units-in-column", ", ".join(map(letters, held[:_MOST_COLUMNS])))] if held else []
        if self._count:
            notes.append(self._note("no-unit-column", str(self._rows)) | {"count": self._count})
        return notes

    def _note(self, code: str, where: str) -> dict[str, Any]:
        return {"code": code, "sheet": self._sheet, "where": where, "unit": ""}
