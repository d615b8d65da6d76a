"""What is found in a roster's file, in the order in which it is read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from backend.rosters.reading.columns import Heading


class SheetFate(StrEnum):
    """What becomes of a sheet of a workbook."""

    READ = "read"
    HIDDEN = "hidden"
    EMPTY = "empty"
    NO_HEADING = "no-heading"
    OTHER_HEADING = "other-heading"
    NO_TABLE = "no-table"


class SheetListed(NamedTuple):
    """A sheet of the workbook, whether it is read or not."""

    name: str
    fate: SheetFate
    rows: int = 0
    """People of a sheet that is left out."""


class TablesFound(NamedTuple):
    """The headings of tables side by side: with these the sheet `begins`, or others follow in the middle of it."""

    sheet: str
    begins: bool
    row: int
    headings: Sequence[Heading]


class PersonFound(NamedTuple):
    """A row of a table: its cells as the sheet has them, and what is to be said about some of them."""

    row: int
    table: int
    cells: list[Any]
    remarks: Sequence[tuple[int, str]]


class SectionFound(NamedTuple):
    """A text that stands alone over the people below it."""

    row: int
    text: str


class Noted(NamedTuple):
    """What the uploader should know of a sheet before the import is started: a code, and where it is."""

    code: str
    sheet: str
    where: str


Event = SheetListed | TablesFound | PersonFound | SectionFound | Noted
