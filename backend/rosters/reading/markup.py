"""Reads untrusted XML: piece by piece, with bounds on all that the parser counts, without document types."""

import zlib
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile

from backend.rosters.reading.refusals import UnreadableRoster

CHUNK = 1 << 16
MAX_TOKEN = 1 << 20
"""Bytes of one tag, comment or instruction: expat keeps it whole until it ends."""
MAX_DEPTH = 32
"""Elements in one another; a worksheet has eight."""
MAX_ELEMENTS = 100_000
"""Elements since the last row: a spreadsheet writes at most 16,384 cells of three elements each."""
MAX_CHARACTERS = 4_000_000
"""Characters since the last row."""
MAX_OTHER_ELEMENTS = 200_000
"""Elements of a part that has no rows."""


class Markup:
    """A part of a workbook while it is read; a subclass that knows rows resets the counters at the end of each."""

    most_elements = MAX_ELEMENTS

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._parser = parser = ParserCreate()
        self._elements = self._characters = self._depth = 0
        self._has_begun = self._is_done = False
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse_doctype

    def pieces(self) -> Iterator[None]:
        """Read on, a piece for each step. Raises UnreadableRoster for what is no XML, or larger than it may be."""
        read = 0
        while not self._is_done:
            try:
                chunk = self._stream.read(CHUNK)
                self._parser.Parse(chunk, not chunk)
            except (ExpatError, LookupError, UnicodeError, BadZipFile, zlib.error, EOFError) as error:
                raise UnreadableRoster from error
            read += len(chunk)
            self._check(read - max(0, self._parser.CurrentByteIndex))
            if not self._has_begun:
                raise UnreadableRoster
            yield
            if not chunk:
                return

    def _check(self, unfinished: int) -> None:
        if self._elements > self.most_elements or self._characters > MAX_CHARACTERS or unfinished > MAX_TOKEN:
            raise UnreadableRoster("A row of the workbook is too long.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        self._has_begun = True
        self._elements += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableRoster("A row of the workbook is too long.")

    def _end(self, name: str) -> None:  # noqa: ARG002
        self._depth -= 1

    def _text(self, data: str) -> None:
        self._characters += len(data)


class Element(NamedTuple):
    """An element of a small part: its name and its parent's without their prefixes, and its attributes."""

    parent: str
    name: str
    attributes: Mapping[str, str]


class _Small(Markup):
    """A part that is read whole, of which only some elements are kept."""

    most_elements = MAX_OTHER_ELEMENTS

    def __init__(self, stream: IO[bytes], wanted: frozenset[str]) -> None:
        super().__init__(stream)
        self._wanted = wanted
        self._above = [""]
        self.found: list[Element] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        own = local(name)
        if own in self._wanted:
            self.found.append(
                Element(self._above[-1], own, {local(key): attributes[key] for key in attributes})
            )
        self._above.append(own)

    def _end(self, name: str) -> None:
        super()._end(name)
        self._above.pop()


def elements_of(stream: IO[bytes], *wanted: str) -> list[Element]:
    """Return the elements of some names of a small part. Raises UnreadableRoster."""
    part = _Small(stream, frozenset(wanted))
    for _ in part.pieces():
        pass
    return part.found


def local(name: str) -> str:
    """Return a name without its prefix: strict and transitional workbooks differ in their namespaces alone."""
    return name.rpartition(":")[2]


def _refuse_doctype(*_: object) -> NoReturn:
    raise UnreadableRoster("The workbook declares a document type, which no spreadsheet does.")
