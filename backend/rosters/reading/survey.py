"""What is known of a file while it is read: its sheets, what to tell of them, and the rows that name no unit."""

from collections.abc import Callable
from typing import Any

from backend.rosters.reading.columns import Column, Heading
from backend.rosters.reading.events import (
    Event,
    Noted,
    PersonFound,
    SectionFound,
    SheetFate,
    SheetListed,
    TablesFound,
)
from backend.rosters.reading.people_below import Ranges
from backend.rosters.reading.places import NamedUnit
from backend.rosters.reading.positions import Positions, Stretch
from backend.rosters.reading.unplaced import Unplaced

_MOST_NOTES = 200
_MOST_IGNORED = 200


class Survey:
    """Takes what is found in a file, and remembers what the uploader has to know before the import is started.

    `unit_titled` finds the one unit that the title of a sheet, or of a part of it, names. People of that part come into
    it unless their row says otherwise: a workbook with a sheet for each village is filled in by villages. `is_below`
    tells whether a text is a unit below that of the import.
    """

    def __init__(
        self, unit_titled: Callable[[str], NamedUnit | None], is_below: Callable[[str], bool]
    ) -> None:
        self._unit_titled, self._is_below = unit_titled, is_below
        self._unplaced = [Unplaced("", is_below)]
        self._positions = Positions()
        self._sheet = ""
        self._next_sheet = 0
        self._of_sheet: NamedUnit | None = None
        self._sections: dict[str, Ranges] = {}
        self.headings: list[Heading] = []
        self.unit: NamedUnit | None = None
        self.sheets: list[dict[str, Any]] = []
        self.ignored: list[str] = []
        self._notes: list[dict[str, Any]] = []

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What is to be told, a code and a place each."""
        passed = [
            {"code": "sections-passed-over", "sheet": sheet, "where": str(ranges), "unit": ""}
            for sheet, ranges in self._sections.items()
        ]
        unplaced = [note for sheet in self._unplaced[-_MOST_NOTES:] for note in sheet.notes]
        return (unplaced + self._notes + passed)[:_MOST_NOTES]

    @property
    def stretches(self) -> list[Stretch]:
        """What leads from a position back to its sheet and row."""
        return self._positions.stretches

    def take(self, event: Event) -> None:
        """Remember what was found. Raises UnreadableRoster when a file has too many tables."""
        match event:
            case SheetListed(name, fate, rows):
                self.sheets.append({"name": name, "fate": fate.value, "rows": rows, "unit": ""})
            case TablesFound():
                self._begin_tables(event)
            case SectionFound(row, text):
                self._begin_section(row, text)
            case Noted(code, sheet, where):
                self._note(code, sheet, where)

    def look_for_unit(self, person: PersonFound) -> None:
        """Remember a person whose unit nothing names, and which of the cells that are not read hold units."""
        self._unplaced[-1].look_at(person, self.headings)
        if self.unit is None and Column.UNIT not in self.headings[person.table].places:
            self._unplaced[-1].add(person.row)

    def position_of(self, person: PersonFound) -> int:
        """Return the position of a person, and count the row for its sheet."""
        if self._next_sheet and person.table == 0:
            self.sheets[self._next_sheet - 1]["rows"] += 1
        return self._positions.of(person.row, person.table)

    def _begin_tables(self, found: TablesFound) -> None:
        if found.begins:
            self._begin_sheet(found.sheet)
        if found.begins or len(found.headings) != len(self.headings):
            self._positions.begin(
                sheet=found.sheet, row=1 if found.begins else found.row, tables=len(found.headings)
            )
        self.headings = list(found.headings)
        new = (name for heading in found.headings for name in heading.ignored)
        self.ignored = list(dict.fromkeys([*self.ignored, *new]))[:_MOST_IGNORED]

    def _begin_sheet(self, name: str) -> None:
        self._sheet, self._of_sheet = name, self._unit_titled(name) if name else None
        self.unit = self._of_sheet
        self._unplaced.append(Unplaced(name, self._is_below))
        rest = self.sheets[self._next_sheet :]
        for place, sheet in enumerate(rest, start=self._next_sheet):
            if sheet["fate"] == SheetFate.READ:
                self._next_sheet = place + 1
                sheet["unit"] = self.unit.number if self.unit else ""
                break

    def _begin_section(self, row: int, text: str) -> None:
        unit = self._unit_titled(text)
        self.unit = unit or self._of_sheet
        if unit is None:
            self._sections.setdefault(self._sheet, Ranges()).add(row)
        else:
            self._note("section-unit", self._sheet, str(row), unit.number)

    def _note(self, code: str, sheet: str, where: str, unit: str = "") -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes.append({"code": code, "sheet": sheet, "where": where, "unit": unit})
