"""Reads the rows of a worksheet, and keeps nothing of it that could grow without end."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any
from zipfile import BadZipFile

from backend.rosters.reading.cells import KEPT, CellKind, number_of, unescaped, written_date
from backend.rosters.reading.markup import CHUNK, Markup, local
from backend.rosters.reading.merges import MAX_MERGES, TOO_MANY_MERGES, Covered, Merge
from backend.rosters.reading.refusals import UnreadableRoster

MAX_SHEET_ROWS = 1_048_576
"""What a sheet can hold; rows beyond it exist only in sheets that no spreadsheet made."""
_SPAN = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7}):\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_TRUE = frozenset({"1", "true"})


@dataclass(slots=True)
class Row:
    """A row in which something stands, up to its last such cell."""

    number: int
    cells: list[Any] = field(default_factory=list)
    is_hidden: bool = False
    unknown: list[int] = field(default_factory=list)
    """Columns with a formula that was never worked out."""
    covered: dict[int, Covered] = field(default_factory=dict)
    """Columns that merged cells from above or from the left go over."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the cells of a workbook refer to: its texts, what numbers are by style, and the day that is zero."""

    texts: Sequence[str]
    kinds: Sequence[CellKind]
    epoch: datetime


class SheetRows(Markup):
    """The rows of a worksheet, `columns` wide: what stands further right is in the last of them.

    Its handlers are called millions of times for a large roster: names are compared whole, with their prefix.
    """

    def __init__(self, stream: IO[bytes], context: Context, columns: int) -> None:
        super().__init__(stream)
        self.hidden_columns: list[tuple[int, int]] = []
        self._texts, self._kinds, self._epoch = context.texts, context.kinds, context.epoch
        self._columns = columns
        self._rows: list[Row] = []
        self._places: dict[str, int] = {}
        self._number, self._row = 0, Row(0)
        self._takes = self._is_aid = self._has_formula = False
        self._place, self._type, self._style, self._content = -1, "", "", ""
        self._prefix = self._row_name = "\0"
        self._cell_name = self._value_name = self._text_name = self._inline_name = ""
        self._formula_name = self._aid_name = ""

    def __iter__(self) -> Iterator[Row]:
        for _ in self.pieces():
            yield from self._rows
            self._rows.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if name == self._cell_name:
            self._begin_cell(attributes)
        elif name == self._value_name or name == self._text_name:  # a tuple each time costs
            self._takes = not self._is_aid
        elif name == self._inline_name:
            pass
        elif name == self._formula_name:
            self._has_formula = True
        elif name == self._aid_name:
            self._is_aid = True
        else:
            self._other(name, attributes)

    def _end(self, name: str) -> None:
        if name == self._value_name or name == self._text_name:
            self._takes = False
        elif name == self._cell_name:
            self._end_cell()
        elif name == self._inline_name or name == self._formula_name:
            pass
        elif name == self._row_name:
            self._end_row()
        elif name == self._aid_name:
            self._is_aid = False
        else:
            self._end_other(name)

    def _text(self, data: str) -> None:
        self._characters += len(data)
        if self._takes and len(self._content) < KEPT:
            self._content = (self._content + data)[:KEPT]

    def _other(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._row_name:
            self._begin_row(attributes)
        else:
            super()._start(name, attributes)
            self._outside(local(name), name, attributes)

    def _end_other(self, name: str) -> None:
        self._depth -= 1
        self._is_done = self._is_done or local(name) == "sheetData"

    def _outside(self, name: str, whole: str, attributes: dict[str, str]) -> None:
        if name == "sheetData":
            self._prefix = whole[: -len(name)]
            self._row_name = f"{self._prefix}row"
        elif name == "col" and attributes.get("hidden") in _TRUE:
            first, last = _number(attributes.get("min"), 1), _number(attributes.get("max"), 1)
            self.hidden_columns.append((first - 1, last - 1))

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = _number(attributes.get("r"), self._number + 1)
        if number > MAX_SHEET_ROWS or self._is_done:
            self._is_done = True
            return
        if number <= self._number or self._cell_name:
            raise UnreadableRoster("The rows of the workbook do not stand in their order.")
        self._number, self._place, prefix = number, -1, self._prefix
        self._row = Row(number, is_hidden=attributes.get("hidden") in _TRUE)
        self._cell_name, self._value_name = f"{prefix}c", f"{prefix}v"
        self._text_name, self._inline_name = f"{prefix}t", f"{prefix}is"
        self._formula_name, self._aid_name = f"{prefix}f", f"{prefix}rPh"

    def _end_row(self) -> None:
        self._name_nothing()
        self._elements = self._characters = 0
        if self._row.cells or self._row.unknown:
            self._rows.append(self._row)

    def _name_nothing(self) -> None:
        """Outside of rows there are no cells."""
        self._cell_name = self._value_name = self._text_name = self._inline_name = ""
        self._formula_name = self._aid_name = ""

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._place += 1
        else:
            letters = reference.rstrip("0123456789")
            place = self._places.get(letters)
            self._place = self._place_of(letters) if place is None else place
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._content, self._has_formula = "", False

    def _place_of(self, letters: str) -> int:
        place = self._places[letters] = place_of(letters)
        return place

    def _end_cell(self) -> None:
        place = min(self._place, self._columns - 1)
        if not self._content:
            if self._has_formula and self._type != "str":
                self._row.unknown.append(place)
            return
        value = self._value()
        cells = self._row.cells
        if value != "":
            cells.extend([None] * (place + 1 - len(cells)))
            cells[place] = value

    def _value(self) -> Any:
        text, type = self._content, self._type
        if type == "inlineStr" or type == "str" or type == "e":
            return unescaped(text)
        if type == "s":
            return self._shared(text)
        if type == "n":
            return number_of(text.strip(), self._kind(), self._epoch)
        return written_date(text.strip()) if type == "d" else text.strip() in _TRUE

    def _shared(self, text: str) -> str:
        place = _number(text, -1)
        if not 0 <= place < len(self._texts):
            raise UnreadableRoster
        return self._texts[place]

    def _kind(self) -> CellKind:
        style = _number(self._style, 0)
        return self._kinds[style] if style < len(self._kinds) else CellKind.NUMBER


class MergedCells(Markup):
    """What is merged in a worksheet: it stands behind the rows, and has to be known before them."""

    most_elements = 1_000_000

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self._found: set[Merge] = set()

    def read(self) -> set[Merge]:
        """Return all of them. Raises UnreadableRoster when they are too many."""
        for _ in self.pieces():
            if len(self._found) > MAX_MERGES:
                raise UnreadableRoster(TOO_MANY_MERGES)
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        if local(name) == "mergeCell":
            span = _SPAN.fullmatch(attributes.get("ref", ""))
            if span:
                left, top, right, bottom = span.groups()
                self._found.add(Merge(int(top), int(bottom), place_of(left), place_of(right)))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth == 2:  # of a row, or of something like it
            self._elements = 0 if local(name) == "row" else self._elements
            self._characters = 0


def speaks_of_merges(stream: IO[bytes]) -> bool:
    """Tell whether a part may have merged cells, by its bytes: names of elements cannot be written in another way."""
    end = b""
    while chunk := _read(stream):
        if b"mergeCell" in end + chunk:
            return True
        if not end and not _is_plain(chunk):
            return True  # in another encoding it looks different
        end = chunk[-16:]
    return False


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK)
    except (BadZipFile, zlib.error, EOFError) as error:
        raise UnreadableRoster from error


def _is_plain(beginning: bytes) -> bool:
    declaration = beginning[:200].partition(b"?>")[0].lower()
    return b"\0" not in beginning and (b"encoding" not in declaration or b"utf-8" in declaration)


def place_of(letters: str) -> int:
    """Return how many columns stand before the one with these letters. Raises UnreadableRoster."""
    place = 0
    if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isalpha():
        raise UnreadableRoster
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def _number(text: str | None, otherwise: int) -> int:
    if not text:
        return otherwise
    if len(text) > 12 or not text.strip().isdecimal():
        raise UnreadableRoster
    return int(text)
