"""Opens XLSX files that strangers made: nothing in them unpacks to more than it may."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile, ZipInfo

from openpyxl.reader.excel import ExcelReader

from backend.volunteers.rosters.refusals import UnreadableRoster

MAX_SHEET_ROWS = 1_048_576
"""What a sheet can hold; rows beyond it exist only in sheets that no spreadsheet made."""
MAX_PARTS = 500
MAX_UNPACKED = 600_000_000
"""Bytes of all parts: a million rows of nine cells, written by a spreadsheet, are some 400 MB."""
MAX_STRINGS = 24_000_000
"""Bytes of the table of texts, which openpyxl keeps in memory. Beyond it the roster has to come as CSV."""
MAX_OTHER_PART = 4_000_000
"""Bytes of each part that is neither a sheet nor the table of texts: they are read whole."""
MAX_ELEMENT = 4_000_000
"""Bytes of one row, or of one text of the table."""
_PROLOGUE = 65_536


def sheet_rows(path: Path, *, columns: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a workbook's first sheet, `columns` wide; formulas give the value that was stored with them.

    Raises UnreadableRoster.
    """
    try:
        archive = _GuardedZip(path)
    except Exception as error:
        raise UnreadableRoster from error
    with archive, path.open("rb") as file:
        archive.check()
        try:
            reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
            reader.archive = archive
            reader.read()
            sheet = reader.wb.worksheets[0]
            found = sheet.iter_rows(min_row=1, max_row=MAX_SHEET_ROWS, max_col=columns, values_only=True)
            yield from cast(Iterator[tuple[Any, ...]], found)
        except UnreadableRoster:
            raise
        except (MemoryError, GeneratorExit):
            raise
        except Exception as error:  # a broken workbook raises whatever the library stumbles over
            raise UnreadableRoster from error


class _GuardedZip(ZipFile):
    """An archive whose parts are bounded, and hold no declarations of entities."""

    def check(self) -> None:
        """Raise UnreadableRoster unless every part is of a size that can be read, and plain XML."""
        parts = self.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise UnreadableRoster("The workbook unpacks to more than a roster can be; save it as CSV.")
        for part in parts:
            if part.file_size > _limit(part.filename):
                raise UnreadableRoster("A part of the workbook is too large; save it as CSV.")
            if part.filename.lower().endswith((".xml", ".rels")):
                self._check_prologue(part)

    def open(self, name: Any, mode: Any = "r", pwd: Any = None, *, force_zip64: bool = False) -> IO[bytes]:
        """Return a part; while a sheet or the table of texts is read, no element of it may grow without end."""
        stream = super().open(name, mode, pwd, force_zip64=force_zip64)
        title = str(name.filename if isinstance(name, ZipInfo) else name)
        return cast(IO[bytes], _BoundedElements(stream) if _is_streamed(title) else stream)

    def _check_prologue(self, part: ZipInfo) -> None:
        """Read up to the first element: a document type, where entities are declared, must stand before it."""
        parser, state = ParserCreate(), {"begun": False, "declares": False}
        parser.StartElementHandler = lambda *_: state.update(begun=True)
        parser.StartDoctypeDeclHandler = lambda *_: state.update(declares=True)
        with super().open(part) as stream:
            try:
                parser.Parse(stream.read(_PROLOGUE))
            except ExpatError as error:
                raise UnreadableRoster from error
        if state["declares"] or not state["begun"]:
            raise UnreadableRoster("The workbook declares a document type, which no spreadsheet does.")


class _BoundedElements:
    """A stream of XML in which something begins or ends at least every so often."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._since_row = 0

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises UnreadableRoster when one row, or one text, goes on for too long."""
        chunk = self._stream.read(size if 0 <= size <= _PROLOGUE else _PROLOGUE)
        last = max(chunk.rfind(b"<row"), chunk.rfind(b"<si"), chunk.rfind(b":row"), chunk.rfind(b":si"))
        self._since_row = len(chunk) - last if last >= 0 else self._since_row + len(chunk)
        if self._since_row > MAX_ELEMENT:
            raise UnreadableRoster("A row of the workbook is too long.")
        return chunk

    def close(self) -> None:
        """Close the part."""
        self._stream.close()

    def __enter__(self) -> "_BoundedElements":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_streamed(title: str) -> bool:
    name = title.lower()
    return name.endswith("sharedstrings.xml") or "/worksheets/sheet" in name


def _limit(title: str) -> int:
    if title.lower().endswith("sharedstrings.xml"):
        return MAX_STRINGS
    return MAX_UNPACKED if _is_streamed(title) else MAX_OTHER_PART
