"""What clients see of imports of rosters, and what they send."""

from typing import Annotated
from uuid import UUID

from pydantic import RootModel

from backend.lib.shapes import Instant, Line, Request, Shape
from backend.rosters.models import ImportStatus, Outcome
from backend.rosters.reading.events import SheetFate
from backend.rosters.reading.files import RosterFormat


class ImportIn(Request):
    """A roster to be checked. `id` is a UUIDv7 that the client makes: the same id and file again is the same import."""

    id: UUID
    name: Annotated[str, Line(80, least=1)]


class ImportStart(Request):
    """Import what was checked. `skip_rejected` says that the rejected rows are to be left out.

    `skip_new`: people who are new are left out too; only the differences of known people are wanted.
    """

    skip_rejected: bool = False
    skip_new: bool = False


class SheetOut(Shape):
    """A sheet of the workbook: `fate` is `read`, or why it was left out, which `text` says in words.

    `rows` have people in them, in a sheet that was left out too. `unit` is the unit that the sheet's title names,
    empty if it names none: people of the sheet who name no unit come into it.
    """

    name: str
    fate: SheetFate
    text: str
    rows: int
    unit: str


class ImportNote(Shape):
    """What the person who uploads should know before starting the import; decide by `code`.

    `where` are rows or columns of the sheet; `unit` is the unit that is meant, if one is; `count` is how many people
    are, 0 where they are not counted.
    """

    code: str
    sheet: str
    where: str
    text: str
    unit: str
    count: int = 0


class ImportOut(Shape):
    """An import: its status (`checking`, `checked`, `importing`, `imported`, `undoing`, `undone`, `failed`) and counts.

    `share` is how much of the present step is done, in per cent. Duplicates are known when it has been checked.
    `rows_total` are the rows with people in them that have been read so far, each of them accepted (new), of a known
    person, a duplicate or rejected; known people are compared with the roster (`Differences`). `rows_left_out` stand
    in sheets that are not read, and `rows_done` is the last position in the file that was dealt with. `sheets` (of a
    workbook) and `notes` say what was read and what was not, before the import is started; `failure` says why it
    failed, in the language of the request.
    """

    id: UUID
    unit: str
    name: str
    file_name: str
    format: RosterFormat
    status: ImportStatus
    share: int
    rows_total: int
    rows_done: int
    rows_left_out: int
    accepted: int
    known: int
    duplicates: int
    rejected: int
    remarks: int
    ignored_columns: list[str]
    sheets: list[SheetOut]
    notes: list[ImportNote]
    failure: str
    made_at: Instant
    finished_at: Instant | None
    undone_at: Instant | None


class Imports(RootModel[list[ImportOut]]):
    """The imports of a unit, the newest first."""


class ReportedRowOut(Shape):
    """A row that was not plainly accepted: `outcome` is `rejected`, `duplicate` or `remark`; decide by `code`.

    `row` and `cell` are those of the `sheet`, as spreadsheets name them; a CSV file has no sheets. `earlier_row`, in
    `earlier_sheet`, is the row that is the same person.
    """

    sheet: str
    row: int
    cell: str
    column: str
    outcome: Outcome
    code: str
    reason: str
    earlier_sheet: str | None
    earlier_row: int | None


class ImportReport(Shape):
    """A page of the report, in the order of the file; `next` is what to ask for with `after`, null at the end."""

    items: list[ReportedRowOut]
    next: int | None
