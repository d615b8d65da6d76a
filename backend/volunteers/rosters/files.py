"""Opens a roster, CSV or XLSX, and yields its rows one by one."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from backend.volunteers.rosters.columns import FIRST_ROWS, Heading, read_heading
from backend.volunteers.rosters.refusals import UnreadableRoster
from backend.volunteers.rosters.workbooks import sheet_rows

MAX_BYTES = 400_000_000
"""Bytes of a roster: 2.3 million people are some 200 MB."""
MAX_ROWS = 3_000_000
MAX_COLUMNS = 100
MAX_LINE = 200_000
"""Characters of one line of a CSV file."""

_BLOCK = 1 << 20
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",\t;，；|"

NumberedRow = tuple[int, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a file is, as far as one pass over its bytes tells: its contents decide, not its name."""

    format: str
    encoding: str
    sha256: str
    size: int
    lines: int
    """Lines of a CSV file; 0 for a workbook, whose rows are known at its end."""


def look_at(path: Path) -> Appearance:
    """Return what a file is. Raises UnreadableRoster for what is no roster, or is too large."""
    size = path.stat().st_size
    if not 0 < size <= MAX_BYTES:
        raise UnreadableRoster("The file is empty." if not size else "The file is too large.")
    digest, lines = sha256(), 0
    with path.open("rb") as file:
        head = file.read(_BLOCK)
        decoder = None if head.startswith(_ZIP) else _Decoder(head)
        block = head
        while block:
            digest.update(block)
            lines += block.count(b"\n")
            if decoder:
                decoder.feed(block)
            block = file.read(_BLOCK)
    if decoder is None:
        return Appearance("xlsx", "", digest.hexdigest(), size, 0)
    return Appearance("csv", decoder.encoding(), digest.hexdigest(), size, lines + 1)


class _Decoder:
    """Finds the encoding of a text: by its mark, else UTF-8 if all of it is, else GB 18030."""

    def __init__(self, head: bytes) -> None:
        if head.startswith(_OLD_EXCEL):
            raise UnreadableRoster("This is an old .xls workbook: save it as .xlsx or CSV.")
        marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        if not marked and b"\0" in head:
            raise UnreadableRoster
        names = ["utf-16"] if marked else ["utf-8-sig", "gb18030"]
        self._left = {name: codecs.getincrementaldecoder(name)() for name in names}

    def feed(self, block: bytes) -> None:
        """Drop the encodings in which a block cannot be."""
        for name, decoder in list(self._left.items()):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                del self._left[name]

    def encoding(self) -> str:
        """Return the first encoding in which the whole text can be. Raises UnreadableRoster."""
        if not self._left:
            raise UnreadableRoster("The text is neither UTF-8 nor GB 18030.")
        return next(iter(self._left))


@dataclass(frozen=True, slots=True)
class OpenRoster:
    """The headings of a roster, and the numbered rows below them; rows without any text are left out."""

    heading: Heading
    rows: Iterator[NumberedRow]


def open_roster(path: Path, format: str, encoding: str) -> OpenRoster:
    """Return the headings and rows of a file. Raises UnreadableRoster, also while the rows are read."""
    if format == "xlsx":
        raw: Iterator[Sequence[Any]] = sheet_rows(path, columns=MAX_COLUMNS + 1)
    else:
        raw = _csv_rows(path, encoding)
    numbered = _numbered(raw)
    first = list(islice(numbered, FIRST_ROWS))
    for place, (row, cells) in enumerate(first):
        heading = read_heading(row, cells)
        if heading is not None:
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                raise UnreadableRoster(f"A roster has at most {MAX_COLUMNS} columns.")
            return OpenRoster(heading, chain(first[place + 1 :], numbered))
    raise UnreadableRoster("None of the first rows has the heading “name” or “姓名”; take the template.")


def _numbered(raw: Iterator[Sequence[Any]]) -> Iterator[NumberedRow]:
    for number, cells in enumerate(raw, start=1):
        if number > MAX_ROWS:
            raise UnreadableRoster(f"A roster has at most {MAX_ROWS:,} rows.")
        if any(cells):
            yield number, cells


def _csv_rows(path: Path, encoding: str) -> Iterator[Sequence[str]]:
    with path.open(encoding=encoding, newline="") as file:
        try:
            delimiter = _delimiter(list(islice(_lines(file), FIRST_ROWS)))
            file.seek(0)
            yield from csv.reader(_lines(file), delimiter=delimiter)
        except (csv.Error, UnicodeError) as error:
            raise UnreadableRoster("A line of the file cannot be read as CSV.") from error


def _lines(file: TextIO) -> Iterator[str]:
    """Yield lines of bounded length: a file without line ends must not become one string."""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise UnreadableRoster("A line of the file is too long.")
        yield line


def _delimiter(lines: Sequence[str]) -> str:
    """Return what parts the headings; the comma for a file of one column."""
    for line in lines:
        best = max(_DELIMITERS, key=line.count)
        cells = next(csv.reader([line], delimiter=best), [])
        if read_heading(0, cells) is not None:
            return best
    return ","
