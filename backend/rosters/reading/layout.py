"""Finds the tables of a sheet: headings of one row or of several, and people side by side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from backend.rosters.reading.columns import (
    FIRST_ROWS,
    Column,
    Heading,
    Meant,
    column_of,
    heading_of,
    level_of,
    plain,
)
from backend.rosters.reading.sheets import Row

MAX_COLUMNS = 100
MOST_TABLES = 10
"""Tables side by side; people are listed in two or three."""
_MOST_HEADING_ROWS = 3
_IDENTIFYING = frozenset({Column.PHONE, Column.ID_CARD})
_OTHERS = (
    *(
        "联系人",
        "监护人",
        "家属",
        "家长",
        "父亲",
        "母亲",
        "父母",
        "配偶",
        "推荐人",
        "介绍人",
        "负责人",
        "填表人",
    ),
    *("guardian", "emergency", "parent", "next of kin", "referee"),
)
"""Words over columns that hold the name and phone of another person."""
_NO_GROUP = re.compile(r"[:：0-9]")
"""What stands above the headings is the title's, not theirs: who filled the list in, and when."""

Span = tuple[int, int]
"""A first and a last column."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns that belong to one person of a row."""

    heading: Heading
    span: Span

    @property
    def identifies_by(self) -> frozenset[Column]:
        """Which of the columns that say who a person is are there; a sheet without any is left out beside others."""
        return frozenset(self.heading.places) & _IDENTIFYING


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a sheet, side by side."""

    row: int
    """The last row of the headings."""
    tables: list[Table]
    unread: list[Span]
    """Columns that look like a further table, and are not read."""
    heading_rows: list[list[object]]
    is_too_wide: bool


def find_layout(first: Sequence[Row]) -> tuple[Layout, int] | None:
    """Return the tables that the first rows begin, and how many of these rows are above the people."""
    for place, row in enumerate(first[:FIRST_ROWS]):
        if any(column_of(text) is Column.NAME for text in _spread(row)):
            return _layout_at(first, place)
    return None


def _layout_at(first: Sequence[Row], place: int) -> tuple[Layout, int]:
    main = first[place]
    below = _rows_of_heading(first, place)
    block = [main, *below]
    group = first[place - 1] if place and first[place - 1].number == main.number - 1 else None
    stacks = _stacks(block, group)
    tables, unread = _tables(stacks, block[-1].number)
    layout = Layout(
        row=block[-1].number,
        tables=tables,
        unread=unread,
        heading_rows=[row.cells for row in block],
        is_too_wide=len(main.cells) > MAX_COLUMNS,
    )
    return layout, place + len(block)


# --- the rows of a heading ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stack:
    """The texts over a column from above, without repetitions: which column they mean, if any."""

    texts: tuple[str, ...]
    group: str
    stands_alone: bool
    """Whether what stands above the last text stands above this column alone."""

    @property
    def is_about_others(self) -> bool:
        above = "".join((self.group, *self.texts[:-1])).casefold()
        return any(word in above for word in _OTHERS)

    @property
    def column(self) -> Column | None:
        if not self.texts:
            return None
        return next(filter(None, map(column_of, self._readings)), None)

    @property
    def level(self) -> int | None:
        """How far below the units stand that the column speaks of."""
        text = next(filter(column_of, self._readings), "")
        return level_of(text)

    @property
    def _readings(self) -> list[str]:
        """The texts that may say what the column is, the likeliest first."""
        last, above = self.texts[-1], self.texts[-2] if len(self.texts) > 1 else ""
        return [last, above + last, above if self.stands_alone else "", self.group + last]

    @property
    def text(self) -> str:
        return "/".join(self.texts)


def _rows_of_heading(first: Sequence[Row], place: int) -> list[Row]:
    below: list[Row] = []
    for above, row in pairwise(first[place : place + _MOST_HEADING_ROWS]):
        if row.number != above.number + 1 or not _goes_on(first[place], row):
            break
        below.append(row)
    return below


def _goes_on(main: Row, row: Row) -> bool:
    """Tell whether a row belongs to the headings: those of the names reach down to it, or it has some of its own."""
    names = [place for place, text in enumerate(_spread(main)) if column_of(text) is Column.NAME]
    if all(place in row.covered for place in names):
        return True
    if row.cells == main.cells:
        return False  # the same headings once more
    texts = _spread(row)
    beside = [texts[place] for place in names if place < len(texts) and texts[place]]
    if not all(column_of(text) is Column.NAME for text in beside):
        return False
    above = _spread(main)
    own = [place for place in range(len(texts)) if texts[place] and place not in row.covered]
    return any(column_of(texts[place]) or column_of(_at(above, place) + texts[place]) for place in own)


def _stacks(block: Sequence[Row], group: Row | None) -> list[_Stack]:
    lines = [_spread(row) for row in block]
    groups = _spread(group) if group is not None else []
    if len({text for text in groups if text}) < 2:
        groups = []  # a title
    width = max(len(line) for line in lines)
    return [_stack(lines, groups, place) for place in range(min(width, MAX_COLUMNS))]


def _stack(lines: Sequence[list[str]], groups: list[str], place: int) -> _Stack:
    texts: list[str] = []
    for line in lines:
        text = _at(line, place)
        if plain(text) and text not in texts[-1:]:
            texts.append(text)
    group = _at(groups, place)
    alone = len(lines) > 1 and _stands_alone(lines[-2], lines[-1], place)
    return _Stack(tuple(texts), group if _NO_GROUP.search(group) is None else "", alone)


def _stands_alone(above: Sequence[str], below: Sequence[str], place: int) -> bool:
    """Tell whether a text stands over one column: neither merged with the next, nor next to others under none."""
    own, after = _at(above, place), _at(above, place + 1)
    before = _at(above, place - 1) if place else ""
    return own not in (before, after) and bool(after or not _at(below, place + 1))


def _at(line: Sequence[str], place: int) -> str:
    return line[place] if place < len(line) else ""


def _spread(row: Row) -> list[str]:
    """Return the texts of a row as people see them: what is merged stands over all of its columns and rows."""
    width = max([len(row.cells), *(place + 1 for place in row.covered)])
    cells = [*row.cells, *[None] * (width - len(row.cells))]
    for place, covered in row.covered.items():
        cells[place] = covered.value
    return ["" if cell is None else str(cell).strip() for cell in cells]


# --- tables side by side ------------------------------------------------------------------------------------------


def _tables(stacks: Sequence[_Stack], row: int) -> tuple[list[Table], list[Span]]:
    columns = [None if stack.is_about_others else stack.column for stack in stacks]
    if Column.NAME not in columns:
        columns = [stack.column for stack in stacks]
    spans = _spans(stacks)
    whole = (0, len(stacks) - 1)
    first = _table(stacks, columns, spans[0], row)
    if len(spans) == 1 or not first.identifies_by or Column.NAME not in first.heading.places:
        return [_table(stacks, columns, whole, row)], []
    tables, unread = [first], []
    for span in spans[1:]:
        further = _beside(first, _table(stacks, columns, span, row))
        if further is None or len(tables) == MOST_TABLES:
            unread.append(span)
        else:
            tables.append(further)
    return tables, unread


def _spans(stacks: Sequence[_Stack]) -> list[Span]:
    """Return the columns of each table: one begins where a name's heading, and those before it, come again."""
    names = [place for place, stack in enumerate(stacks) if stack.column is Column.NAME]
    begins = [0]
    for before, name in pairwise(names):
        begin = name
        while begin - 1 > before and _same(stacks, begin - 1, names[0] - (name - begin) - 1):
            begin -= 1
        begins.append(begin)
    return [(begin, end - 1) for begin, end in pairwise([*begins, len(stacks)])]


def _same(stacks: Sequence[_Stack], place: int, other: int) -> bool:
    return other >= 0 and bool(stacks[place].texts) and stacks[place].texts == stacks[other].texts


def _table(stacks: Sequence[_Stack], columns: Sequence[Column | None], span: Span, row: int) -> Table:
    meant = (
        Meant(place, stacks[place].text, columns[place], stacks[place].level if columns[place] else None)
        for place in range(span[0], span[1] + 1)
    )
    return Table(heading_of(row, meant), span)


def _beside(first: Table, further: Table) -> Table | None:
    """Return a further table, if it is like the first; a unit to the left of all of them is meant for all of them."""
    places = dict(further.heading.places)
    unit, above = first.heading.places.get(Column.UNIT), further.heading.above
    if unit is not None and Column.UNIT not in places and unit < first.heading.places[Column.NAME]:
        places[Column.UNIT], above = unit, first.heading.above
    if set(places) != set(first.heading.places):
        return None
    return Table(replace(further.heading, places=places, above=above), further.span)
