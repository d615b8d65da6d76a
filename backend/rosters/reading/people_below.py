"""Tells, row by row below the headings, which rows are people and which are something else."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backend.rosters.reading.columns import Column, column_of, letters
from backend.rosters.reading.events import Event, Noted, PersonFound, SectionFound, TablesFound
from backend.rosters.reading.layout import MAX_COLUMNS, Layout, Table, find_layout
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.sheets import Row

_CARRIED = frozenset({Column.UNIT, Column.SKILLS, Column.ROLE})
"""What several people have in common when their cells are merged."""
_TOTAL = re.compile(r"(?:合计|总计|小计|共计|总人数|人数合计|(?:sub|grand)?total\b)", re.IGNORECASE)
_EXAMPLE = re.compile(r"(?:示例|样例|范例|例如|example\b)", re.IGNORECASE)
"""What the name begins with in a row that shows how to fill in the others, as the template's does."""
_NO_COUNT = re.compile(r"\d(?:[\s-]*+\d){6}")
"""What a phone has, and a count of people does not."""
_DIGIT = re.compile(r"\d")
_LONGEST_SECTION = 80

Texts = Mapping[int, Any]
"""The own texts of a row by their columns, without those of merged cells from above or from the left."""


class PeopleBelow:
    """The people of a sheet; `roster` is the layout by which later headings are judged."""

    def __init__(self, sheet: str, layout: Layout, roster: Layout) -> None:
        self._sheet, self._layout, self._roster = sheet, layout, roster
        self._notes: dict[str, Ranges] = {}
        self._names = _names_of(layout)
        self._repeated: list[list[object]] = []
        self._is_over = False

    def events(self, rows: Iterable[Row]) -> Iterator[Event]:
        """Yield what the rows are, and at the end what is to be known of them."""
        yield from self._tables(begins=True)
        for row in rows:
            if self._repeated or not self._names.isdisjoint(row.cells):
                changed = self._heading(row)
                if changed is not None:
                    yield from changed
                    continue
            if self._is_over:
                break
            yield from self._people(row)
        for code, ranges in self._notes.items():
            yield Noted(code, self._sheet, str(ranges))

    def _tables(self, *, begins: bool) -> Iterator[Event]:
        if self._layout.is_too_wide:
            raise UnreadableRoster(f"A roster has at most {MAX_COLUMNS} columns.")
        tables = self._layout.tables
        yield TablesFound(self._sheet, begins, self._layout.row, [table.heading for table in tables])
        if len(tables) > 1:
            yield Noted("tables-beside", self._sheet, ", ".join(_span(table.span) for table in tables))
        if self._layout.unread:
            yield Noted("table-unread", self._sheet, ", ".join(map(_span, self._layout.unread)))

    # --- headings in the middle ---------------------------------------------------------------------------------------

    def _heading(self, row: Row) -> Iterator[Event] | None:
        """Return what follows from a row of headings; None for a row that is none."""
        expected, self._repeated = self._repeated[:1], self._repeated[1:]
        if expected == [row.cells]:
            return iter(())
        if row.cells in self._layout.heading_rows:
            self._repeated = self._layout.heading_rows[self._layout.heading_rows.index(row.cells) + 1 :]
            self._note("headings-again", row)
            return iter(())
        self._repeated = []
        found = None if self._names.isdisjoint(row.cells) else find_layout([row])
        if found is None or not _are_headings(row, found[0]):
            return None
        return self._go_on_with(found[0], row)

    def _go_on_with(self, layout: Layout, row: Row) -> Iterator[Event]:
        """Read what follows by other headings, if they are a roster's."""
        if bool(layout.tables[0].identifies_by) != bool(self._roster.tables[0].identifies_by):
            self._is_over = True
            self._note("rows-unread", row)
            return iter(())
        self._note("headings-again", row)
        self._layout = layout
        self._names |= _names_of(layout)
        return self._tables(begins=False)

    # --- people ---------------------------------------------------------------------------------------------------

    def _people(self, row: Row) -> Iterator[Event]:
        cells, tables = row.cells, self._layout.tables
        is_odd = row.covered or row.unknown or row.is_hidden
        if not is_odd and all(_is_plainly_a_person(table, cells) for table in tables):
            for place in range(len(tables)):
                yield PersonFound(row.number, place, cells, ())
            return
        texts = {
            place: cell for place, cell in enumerate(cells) if _is_text(cell) and place not in row.covered
        }
        if len(texts) == 1 and self._is_section(row, *next(iter(texts.items()))):
            yield SectionFound(row.number, str(*texts.values()).strip()[:_LONGEST_SECTION])
            return
        for place, table in enumerate(tables):
            if self._is_person(row, table, texts):
                yield _person(row, place, table)

    def _is_section(self, row: Row, place: int, text: Any) -> bool:
        """Tell whether the only text of a row stands over the people below: merged to the right, or in no column."""
        if not isinstance(text, str) or text.strip().isdecimal():
            return False
        beside = row.covered.get(place + 1)
        if beside is not None and not beside.is_first:
            return True
        return all(place not in table.heading.places.values() for table in self._layout.tables)

    def _is_person(self, row: Row, table: Table, texts: Texts) -> bool:
        first, last = table.span
        own = [place for place in texts if first <= place <= last]
        if not own:
            return False
        if not any(place in texts for place in table.heading.places.values() if first <= place <= last):
            self._note("rows-without-people", row)
            return False
        if _is_total(table, texts, texts[own[0]]):
            self._note("totals", row)
            return False
        if _is_example(texts.get(table.heading.places[Column.NAME])):
            self._note("examples", row)
            return False
        if row.is_hidden:
            self._note("hidden-rows", row)
        return True

    def _note(self, code: str, row: Row) -> None:
        self._notes.setdefault(code, Ranges()).add(row.number)


class Ranges:
    """Rows of a sheet as people write them: `5, 17, 40–45`."""

    MOST = 20

    def __init__(self) -> None:
        self._found: list[list[int]] = []
        self._further = 0

    def add(self, row: int) -> None:
        """Add a row; rows come in their order, some of them more than once."""
        if self._found and row <= self._found[-1][1] + 1:
            self._found[-1][1] = row
        elif len(self._found) < self.MOST:
            self._found.append([row, row])
        else:
            self._further += 1

    def __str__(self) -> str:
        shown = [str(first) if first == last else f"{first}–{last}" for first, last in self._found]
        return ", ".join(shown + ([f"… (+{self._further})"] if self._further else []))


def _are_headings(row: Row, layout: Layout) -> bool:
    """Tell whether a row with a name's heading in it is one of headings: others are known too, or none has a digit."""
    texts = [str(cell) for cell in row.cells if _is_text(cell)]
    return len(layout.tables[0].heading.places) > 1 or (len(texts) > 1 and not _DIGIT.search("".join(texts)))


def _is_plainly_a_person(table: Table, cells: list[Any]) -> bool:
    """Tell at little cost that a row is nothing else: a name, no total and no example, with something beside it."""
    places = table.heading.places
    name = places[Column.NAME]
    if name >= len(cells) or not cells[name]:
        return False
    for column in (Column.PHONE, Column.ID_CARD):
        place = places.get(column)
        if place is not None and place < len(cells) and cells[place]:
            return not _says_total(cells[table.span[0]] or cells[name]) and not _is_example(cells[name])
    return False


def _says_total(cell: Any) -> bool:
    return _TOTAL.match("".join(str(cell).split())) is not None


def _is_example(name: Any) -> bool:
    return isinstance(name, str) and _EXAMPLE.match(name.lstrip(" （(【[")) is not None


def _is_total(table: Table, texts: Texts, leftmost: Any) -> bool:
    places = table.heading.places
    beside = [
        texts.get(place) for column, place in places.items() if column in (Column.PHONE, Column.ID_CARD)
    ]
    return _says_total(leftmost) and not any(_NO_COUNT.search(str(text)) for text in beside)


def _person(row: Row, place: int, table: Table) -> PersonFound:
    cells = list(row.cells)
    remarks = [(at, "formula-empty") for at in row.unknown if at in table.heading.places.values()]
    for column, at in table.heading.places.items():
        covered = row.covered.get(at)
        if covered is None:
            continue
        cells.extend([None] * (at + 1 - len(cells)))
        is_carried = column in _CARRIED and covered.is_first
        cells[at] = covered.value if is_carried else None
        if not is_carried and _is_text(covered.value):
            is_name = column is Column.NAME and covered.is_first
            remarks.append((at, "name-merged" if is_name else "cell-merged"))
    return PersonFound(row.number, place, cells, remarks)


def _names_of(layout: Layout) -> set[Any]:
    """Return the headings of names as they stand in the sheet, and the plain ones."""
    own = {cell for row in layout.heading_rows for cell in row if column_of(cell) is Column.NAME}
    return own | {"姓名", "Name", "name"}


def _is_text(cell: Any) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else bool(cell)


def _span(span: tuple[int, int]) -> str:
    first, last = span
    return letters(first) if first == last else f"{letters(first)}–{letters(last)}"
