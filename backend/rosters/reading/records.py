"""Reads the records of a CSV file, none of which may grow without end."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, TextIO

from backend.rosters.reading.cells import KEPT
from backend.rosters.reading.columns import FIRST_ROWS, read_heading
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.sheets import Row

MAX_RECORD = 200_000
"""Characters of one record, however many lines it goes over: quotes may hold line breaks."""
_DELIMITERS = ",\t;，；|"


class _Lines:
    """The lines of a text, counted since the last record."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._count = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_RECORD):
            self._count += len(line)
            if self._count >= MAX_RECORD:
                raise UnreadableRoster(
                    "A record of the file is too long; perhaps a quotation mark has no end."
                )
            yield line

    def end_record(self) -> None:
        """Begin to count anew."""
        self._count = 0


def record_rows(file: BinaryIO, encoding: str, columns: int) -> Iterator[Row]:
    """Yield the records of a file in which something stands, `columns` wide. Raises UnreadableRoster."""
    text = _text_of(file, encoding)
    try:
        lines = _Lines(text)
        delimiter = _delimiter(_first_of(lines))
        text.seek(0)
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
            lines.end_record()
            if any(cells):
                yield Row(number, _kept(cells, columns))
    except (csv.Error, UnicodeError) as error:
        raise UnreadableRoster("A line of the file cannot be read as CSV.") from error


def _text_of(file: BinaryIO, encoding: str) -> TextIO:
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def _first_of(lines: _Lines) -> list[str]:
    found = []
    for line in islice(lines, FIRST_ROWS):
        found.append(line)
        lines.end_record()
    lines.end_record()
    return found


def _delimiter(lines: Sequence[str]) -> str:
    """Return what parts the headings; the comma for a file of one column."""
    for line in lines:
        best = max(_DELIMITERS, key=line.count)
        cells = next(csv.reader([line], delimiter=best), [])
        if read_heading(0, cells) is not None:
            return best
    return ","


def _kept(cells: list[str], columns: int) -> list[str]:
    if len(cells) > columns:
        cells = [*cells[: columns - 1], next(filter(None, cells[columns - 1 :]), "")]
    return [cell[:KEPT] for cell in cells] if max(map(len, cells)) > KEPT else cells
