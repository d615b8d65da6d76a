"""Reads a roster, CSV or XLSX, from its first sheet to its last: people, and what is to be known of the file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from backend.rosters.reading.columns import FIRST_ROWS, Column, letters
from backend.rosters.reading.events import Event, Noted, PersonFound, SheetFate, SheetListed
from backend.rosters.reading.files import RosterFormat
from backend.rosters.reading.layout import MAX_COLUMNS, Layout, find_layout
from backend.rosters.reading.merges import MAX_MERGES, TOO_MANY_MERGES, Merge, MergesOfRows
from backend.rosters.reading.people_below import PeopleBelow
from backend.rosters.reading.records import record_rows
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.sheets import Row
from backend.rosters.reading.workbooks import Sheet, Workbook

NO_HEADING = "None of the first rows has the heading “name” or “姓名”; take the template."
_ONLY_HIDDEN = "No visible sheet has the heading “name” or “姓名”; sheets that are hidden are not read."
MAX_ROWS = 3_000_000
_WIDTH = MAX_COLUMNS + 1
_LOOKED_AT = FIRST_ROWS + 2
"""Rows in which headings are looked for, and the further rows that they may have."""


def read_roster(file: BinaryIO, format: str, encoding: str) -> Iterator[Event]:
    """Yield what is in a file. Raises UnreadableRoster, also in the middle of it."""
    people = 0
    for event in _events(file, format, encoding):
        people += isinstance(event, PersonFound)
        if people > MAX_ROWS:
            raise UnreadableRoster(f"A roster has at most {MAX_ROWS:,} rows.")
        yield event


def _events(file: BinaryIO, format: str, encoding: str) -> Iterator[Event]:
    if format == RosterFormat.CSV:
        yield from _read_table(record_rows(file, encoding, _WIDTH))
    else:
        yield from _Sheets(Workbook(file)).events()


def _read_table(rows: Iterator[Row]) -> Iterator[Event]:
    first = list(islice(rows, _LOOKED_AT))
    found = find_layout(first)
    if found is None:
        raise UnreadableRoster(NO_HEADING)
    layout, above = found
    yield from PeopleBelow("", layout, layout).events(chain(first[above:], rows))


@dataclass(frozen=True, slots=True)
class _Looked:
    """A sheet whose first rows were looked at."""

    sheet: Sheet
    merges: set[Merge]
    layout: Layout | None
    fate: SheetFate


class _Sheets:
    """The sheets of a workbook: those are read whose headings say who a person is, each by its own columns."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._merges = 0

    def events(self) -> Iterator[Event]:
        looked = [self._look(sheet) for sheet in self._book.sheets]
        roster = _first_roster(looked)
        fates = [_fate(each, roster) for each in looked]
        for each, fate in zip(looked, fates, strict=True):
            yield SheetListed(each.sheet.name, fate, self._left_out(each.sheet, fate))
        if roster is None:
            hidden = any(fate is SheetFate.HIDDEN for fate in fates)
            raise UnreadableRoster(_ONLY_HIDDEN if hidden else NO_HEADING)
        for each, fate in zip(looked, fates, strict=True):
            if fate is SheetFate.READ:
                yield from self._read(each, roster)

    def _look(self, sheet: Sheet) -> _Looked:
        if sheet.kind != "worksheet" or not sheet.part:
            return _Looked(sheet, set(), None, SheetFate.NO_TABLE)
        if sheet.is_hidden:
            return _Looked(sheet, set(), None, SheetFate.HIDDEN)
        merges = self._book.merges(sheet)
        self._merges += len(merges)
        if self._merges > MAX_MERGES:
            raise UnreadableRoster(TOO_MANY_MERGES)
        first = list(islice(_merged(self._book.rows(sheet, _WIDTH), merges), _LOOKED_AT))
        found = find_layout(first)
        fate = SheetFate.NO_HEADING if first else SheetFate.EMPTY
        return _Looked(sheet, merges, found[0] if found else None, fate)

    def _left_out(self, sheet: Sheet, fate: SheetFate) -> int:
        """Return how many people seem to stand in a sheet that is left out."""
        if fate not in (SheetFate.HIDDEN, SheetFate.OTHER_HEADING):
            return 0
        rows = iter(self._book.rows(sheet, _WIDTH))
        first = list(islice(rows, _LOOKED_AT))
        found = find_layout(first)
        if found is None:
            return 0
        layout, above = found
        name = layout.tables[0].heading.places[Column.NAME]
        return sum(len(row.cells) > name and bool(row.cells[name]) for row in chain(first[above:], rows))

    def _read(self, looked: _Looked, roster: Layout) -> Iterator[Event]:
        rows = self._book.rows(looked.sheet, _WIDTH)
        below = _merged(rows, looked.merges)
        first = list(islice(below, _LOOKED_AT))
        found = find_layout(first)
        if found is None:  # it was there a moment ago
            raise UnreadableRoster
        layout, above = found
        yield from PeopleBelow(looked.sheet.name, layout, roster).events(chain(first[above:], below))
        hidden = _hidden(layout, rows.hidden_columns)
        if hidden:
            yield Noted("hidden-columns", looked.sheet.name, ", ".join(map(letters, hidden)))


def _first_roster(looked: Sequence[_Looked]) -> Layout | None:
    """Return the tables by whose headings the other sheets are judged."""
    layouts = [each.layout for each in looked if each.layout is not None]
    return next((layout for layout in layouts if layout.tables[0].identifies_by), next(iter(layouts), None))


def _fate(looked: _Looked, roster: Layout | None) -> SheetFate:
    if looked.layout is None or roster is None:
        return looked.fate
    if bool(looked.layout.tables[0].identifies_by) != bool(roster.tables[0].identifies_by):
        return SheetFate.OTHER_HEADING
    return SheetFate.READ


def _hidden(layout: Layout, hidden: Sequence[tuple[int, int]]) -> list[int]:
    """Return the columns that are read although the workbook hides them."""
    read = {place for table in layout.tables for place in table.heading.places.values()}
    return sorted(place for place in read if any(first <= place <= last for first, last in hidden))


def _merged(rows: Iterable[Row], merges: set[Merge]) -> Iterator[Row]:
    return _covered(rows, MergesOfRows(merges, _WIDTH)) if merges else iter(rows)


def _covered(rows: Iterable[Row], merges: MergesOfRows) -> Iterator[Row]:
    for row in rows:
        row.covered = merges.of(row.number, row.cells)
        yield row
