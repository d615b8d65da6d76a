"""Tells what an uploaded file is, before any of it is read."""

import codecs
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from backend.rosters.reading.refusals import UnreadableRoster

MAX_BYTES = 400_000_000
"""Bytes of a roster: 2.3 million people are some 200 MB."""

_BLOCK = 1 << 20
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PAGES = (b"<", b"MIME-Version:", b"{\\rtf", b"%PDF")
_OLD = "This is an old workbook (.xls or .et): save it as .xlsx or CSV."
_OTHERS = "This is another kind of workbook (.ods): save it as .xlsx or CSV."
_PROTECTED = "The workbook is protected by a password: save it without one."
_PAGE = "This is no workbook, whatever its name says: open it in a spreadsheet and save it as .xlsx."


class RosterFormat(StrEnum):
    """The kinds of files that rosters come and go in."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a file is, as far as one pass over its bytes tells: its contents decide, not its name."""

    format: RosterFormat
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
        _refuse_others(head)
        decoder = None if head.startswith(_ZIP) else _Decoder(head)
        block = head
        while block:
            digest.update(block)
            lines += block.count(b"\n")
            if decoder:
                decoder.feed(block)
            block = file.read(_BLOCK)
    if decoder is None:
        return Appearance(RosterFormat.XLSX, "", digest.hexdigest(), size, 0)
    return Appearance(RosterFormat.CSV, decoder.encoding(), digest.hexdigest(), size, lines + 1)


def _refuse_others(head: bytes) -> None:
    """Raise UnreadableRoster, with what to do, for what people take for a roster and is none."""
    if head.startswith(_OLD_EXCEL):
        raise UnreadableRoster(_PROTECTED if _ENCRYPTED in head else _OLD)
    if head.startswith(_ZIP) and _OPEN_DOCUMENT in head[:200]:
        raise UnreadableRoster(_OTHERS)
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:20].startswith(_PAGES):
        raise UnreadableRoster(_PAGE)


class _Decoder:
    """Finds the encoding of a text: by its mark, by its zeros, else UTF-8 if all of it is, else GB 18030."""

    def __init__(self, head: bytes) -> None:
        names = ["utf-16"] if head.startswith(_BOMS) else ["utf-8-sig", "gb18030"]
        if b"\0" in head and not head.startswith(_BOMS):
            names = [_unmarked(head)]
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


def _unmarked(head: bytes) -> str:
    """Return which kind of UTF-16 a text without its mark is: one with a heading in it. Raises UnreadableRoster."""
    for name in ("utf-16-le", "utf-16-be"):
        text = head[: 1 << 16].decode(name, "replace").casefold()
        if "名" in text or "name" in text:
            return name
    raise UnreadableRoster
