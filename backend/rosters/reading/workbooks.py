"""Opens untrusted XLSX files: nothing in them unpacks to more than it may."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from posixpath import dirname, join, normpath
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from backend.rosters.reading.cells import KEPT, CellKind, kind_of_format, unescaped
from backend.rosters.reading.markup import MAX_OTHER_ELEMENTS, Element, Markup, elements_of, local
from backend.rosters.reading.merges import Merge
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.sheets import Context, MergedCells, SheetRows, speaks_of_merges

MAX_PARTS = 10_000
"""Parts of a workbook: a roster with pictures has one for each person. They are not opened."""
MAX_UNPACKED = 600_000_000
"""Bytes of all parts: a million rows of nine cells, written by a spreadsheet, are some 400 MB."""
MAX_STRINGS = 24_000_000
"""Bytes of the table of texts, which is kept in memory. Beyond it the roster has to come as CSV."""
MAX_OTHER_PART = 4_000_000
"""Bytes of each part that is read whole."""
_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  # dates have no zone
_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as the workbook lists it."""

    name: str
    kind: str
    """`worksheet`, or what else a sheet can be: `chartsheet`, `dialogsheet`."""
    is_hidden: bool
    part: str
    """The name of its part; empty when the workbook has none."""


class Workbook:
    """A workbook that is open. Everything raises UnreadableRoster for what is none, or is larger than it may be."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._archive = ZipFile(file)
        except Exception as error:
            raise UnreadableRoster from error
        self._check()
        self._names = {_plain(name): name for name in self._archive.namelist()}
        self._path = self._path_of_workbook()
        self._related = list(self._relations(self._path))

    def _check(self) -> None:
        parts = self._archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise UnreadableRoster("The workbook unpacks to more than a roster can be; save it as CSV.")

    @cached_property
    def sheets(self) -> list[Sheet]:
        """Return the sheets in their order."""
        found = self._elements(self._path, "sheet", "workbookPr")
        parts = {relation.attributes.get("Id"): relation.attributes for relation in self._related}
        return [
            self._sheet(element, parts.get(element.attributes.get("id"), {}))
            for element in found
            if element.name == "sheet"
        ]

    def rows(self, sheet: Sheet, columns: int) -> SheetRows:
        """Return the rows of a worksheet."""
        return SheetRows(self._open(sheet.part), self._context, columns)

    def merges(self, sheet: Sheet) -> set[Merge]:
        """Return what is merged in a worksheet."""
        with self._open(sheet.part) as stream:
            if not speaks_of_merges(stream):
                return set()
        with self._open(sheet.part) as stream:
            return MergedCells(stream).read()

    @cached_property
    def _context(self) -> Context:
        settings = [each for each in self._elements(self._path, "workbookPr") if each.parent == "workbook"]
        is_1904 = any(each.attributes.get("date1904") in _TRUE for each in settings)
        return Context(self._texts(), self._kinds(), _EPOCHS[is_1904])

    def _texts(self) -> list[str]:
        part = self._related_part("sharedStrings")
        if not part:
            return []
        with self._open(part) as stream:
            return _Texts(stream).read()

    def _kinds(self) -> list[CellKind]:
        part = self._related_part("styles")
        found = self._elements(part, "numFmt", "xf") if part else []
        codes = {
            _whole(each.attributes.get("numFmtId")): each.attributes.get("formatCode", "")[:200]
            for each in found
            if each.name == "numFmt"
        }
        styles = [each for each in found if (each.parent, each.name) == ("cellXfs", "xf")]
        return [kind_of_format(_whole(each.attributes.get("numFmtId")), codes) for each in styles]

    def _sheet(self, element: Element, relation: Any) -> Sheet:
        part = self._target(self._path, relation.get("Target", ""))
        return Sheet(
            name=element.attributes.get("name", "")[:40],
            kind=relation.get("Type", "").rpartition("/")[2],
            is_hidden=element.attributes.get("state", "visible") != "visible",
            part=part if _plain(part) in self._names else "",
        )

    def _path_of_workbook(self) -> str:
        for relation in self._relations(""):
            if relation.attributes.get("Type", "").endswith("/officeDocument"):
                path = self._target("", relation.attributes.get("Target", ""))
                if path.lower().endswith(".bin"):
                    raise UnreadableRoster("This is a binary workbook (.xlsb): save it as .xlsx or CSV.")
                return path
        return "xl/workbook.xml"

    def _relations(self, path: str) -> Iterator[Element]:
        part = join(dirname(path), "_rels", f"{path.rpartition('/')[2]}.rels")
        yield from self._elements(part, "Relationship") if _plain(part) in self._names else []

    def _related_part(self, kind: str) -> str:
        for relation in self._related:
            if relation.attributes.get("Type", "").endswith(f"/{kind}"):
                part = self._target(self._path, relation.attributes.get("Target", ""))
                return part if _plain(part) in self._names else ""
        return ""

    def _target(self, path: str, target: str) -> str:
        return normpath(join("/", dirname(path), target.replace("\\", "/"))).lstrip("/")

    def _elements(self, part: str, *wanted: str) -> list[Element]:
        with self._open(part) as stream:
            return elements_of(stream, *wanted)

    def _open(self, part: str) -> IO[bytes]:
        """Open a part, if it may be unpacked."""
        try:
            found = self._archive.getinfo(self._names[_plain(part)])
            if found.file_size > _limit(found.filename):
                raise UnreadableRoster("A part of the workbook is too large; save it as CSV.")
            if found.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise UnreadableRoster
            return self._archive.open(found)
        except (KeyError, BadZipFile, RuntimeError, NotImplementedError) as error:
            raise UnreadableRoster from error


class _Texts(Markup):
    """The table of texts; what helps to read them aloud is left out."""

    most_elements = MAX_OTHER_ELEMENTS

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self._found: list[str] = []
        self._content = ""
        self._takes = self._is_aid = False

    def read(self) -> list[str]:
        for _ in self.pieces():
            pass
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        own = local(name)
        self._is_aid = self._is_aid or own == "rPh"
        self._takes = own == "t" and not self._is_aid

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._takes = False
        match local(name):
            case "rPh":
                self._is_aid = False
            case "si":
                self._found.append(unescaped(self._content))
                self._content, self._is_aid = "", False
                self._elements = self._characters = 0

    def _text(self, data: str) -> None:
        self._characters += len(data)
        if self._takes and len(self._content) < KEPT:
            self._content = (self._content + data)[:KEPT]


def _plain(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()


def _limit(title: str) -> int:
    name = title.lower()
    if name.endswith("sharedstrings.xml"):
        return MAX_STRINGS
    return MAX_UNPACKED if "/worksheets/" in name else MAX_OTHER_PART


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
