"""Imports a roster of people, with a report of every row that is not plainly accepted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from backend.lib.clock import now
from backend.lib.errors import NotFound, Refusal
from backend.rosters.models import DifferencePart, ImportStatus, RosterImport
from backend.rosters.queries.differences import Chosen, counts_of
from backend.rosters.queries.imports import import_by_id, import_out, whole_report
from backend.rosters.reading.tables import csv_parts
from backend.rosters.schemas.imports import ReportedRowOut
from backend.rosters.services.differences import Decided, take_differences
from backend.rosters.services.import_files import import_file
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import undo_import
from backend.rosters.services.staging import PORTION
from backend.volunteers.queries import unit_by_number

_SHOWN = 20
TAKEN = (DifferencePart.NAME.value, DifferencePart.PHONE.value, DifferencePart.SKILLS.value)
"""What an operator takes over: moves are transfers, for which a leader answers."""


class Command(BaseCommand):
    help = (
        "Import a roster (CSV or XLSX) as one batch: checked first, then in the roster whole, or not at all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="the roster")
        parser.add_argument("--unit", help="number of the unit; rows may name units below it")
        parser.add_argument("--name", default="", help="what the batch is called; by default as the file")
        parser.add_argument("--dry-run", action="store_true", help="only check and report")
        parser.add_argument(
            "--resume", action="store_true", help="go on with an import that has not come to its end"
        )
        parser.add_argument("--skip-rejected", action="store_true", help="import although rows were rejected")
        parser.add_argument(
            "--skip-new", action="store_true", help="leave new people out, and only compare known ones"
        )
        parser.add_argument(
            "--take", type=UUID, metavar="ID", help="take the differences of an import over into the records"
        )
        parser.add_argument(
            "--part",
            action="append",
            choices=TAKEN,
            help="only this part of people (by default name, phone and skills)",
        )
        parser.add_argument("--undo", type=UUID, metavar="ID", help="undo an import instead")
        parser.add_argument("--report", type=Path, help="write the report to this CSV file")
        parser.add_argument("--portion", type=int, default=PORTION, help="rows of one transaction")

    def handle(
        self, *args: Any, file: Path | None, undo: UUID | None, take: UUID | None, **options: Any
    ) -> None:
        try:
            if take:
                self._take(take, options["part"] or TAKEN)
                return
            batch = _undone(undo) if undo else self._imported(file, options)
        except (Refusal, RosterImport.DoesNotExist, OSError) as error:
            raise CommandError(str(error)) from error
        self._tell(batch, options["report"])

    def _take(self, id: UUID, parts: Iterable[str]) -> None:
        batch, count = import_by_id(id), Counter[str]()
        for part in parts:
            for decided in _taken(batch, DifferencePart(part)):
                count.update({"taken": decided.taken, "overtaken": decided.overtaken})
        self.stdout.write(
            f"{batch.name} ({batch.pk}): {count['taken']} taken over, {count['overtaken']} changed since and left."
        )
        self._tell_differences(batch)

    def _tell_differences(self, batch: RosterImport) -> None:
        for group in counts_of(batch, None, now()):
            self.stdout.write(f"Difference: {group.kind}, {group.part}: {group.count} {group.state}")

    def _imported(self, file: Path | None, options: dict[str, Any]) -> RosterImport:
        if file is None or not options["unit"]:
            raise CommandError("Name the file, and the unit by --unit.")
        try:
            unit = unit_by_number(options["unit"])
        except NotFound as error:
            raise CommandError(f"There is no unit {options['unit']}.") from error
        with _Progress() as progress:
            return import_file(
                file,
                unit=unit,
                name=options["name"] or file.name[:80],
                by=None,
                at=now(),
                dry_run=options["dry_run"],
                resume=options["resume"],
                skip_rejected=options["skip_rejected"],
                skip_new=options["skip_new"],
                tell=progress,
                portion=options["portion"],
            )

    def _tell(self, batch: RosterImport, report: Path | None) -> None:
        self.stdout.write(
            f"{batch.name} ({batch.pk}): {batch.status}; {batch.accepted} accepted,"
            f" {batch.known} known, {batch.duplicates} duplicates, {batch.rejected} rejected,"
            f" {batch.remarks} with a remark."
        )
        if batch.ignored_columns:
            self.stdout.write(f"Ignored columns: {', '.join(batch.ignored_columns)}")
        described = import_out(batch)
        for sheet in described.sheets:
            self.stdout.write(
                f"Sheet {sheet.name}: {sheet.text}" + (f" ({sheet.rows} rows)" if sheet.rows else "")
            )
        for note in described.notes:
            self.stdout.write(f"{_at(note.sheet, note.where)}: {note.text}")
        self._tell_differences(batch)
        for row in islice(whole_report(batch), _SHOWN):
            self.stdout.write(f"{_at(row.sheet, row.cell)}: {row.outcome}: {row.reason}")
        if report is not None:
            _write(report, whole_report(batch))
        if batch.status == ImportStatus.FAILED:
            raise CommandError(batch.failure)


def _at(sheet: str, where: str) -> str:
    return f"{sheet}!{where}" if sheet else where


def _write(report: Path, rows: Iterable[ReportedRowOut]) -> None:
    with report.open("wb") as target:
        headings = [
            "sheet",
            "row",
            "cell",
            "column",
            "outcome",
            "code",
            "earlier sheet",
            "earlier row",
            "reason",
        ]
        lines = (
            [
                *(row.sheet, str(row.row), row.cell, row.column, row.outcome, row.code),
                *(row.earlier_sheet or "", str(row.earlier_row or ""), row.reason),
            ]
            for row in rows
        )
        target.writelines(csv_parts([chain([headings], lines)]))


def _taken(batch: RosterImport, part: DifferencePart) -> Iterator[Decided]:
    """Take a part of all people over, portion by portion."""
    after: int | None = 0
    while after is not None:
        decided = take_differences(
            import_id=batch.pk, chosen=Chosen(part=part), by=None, at=now(), after=after
        )
        after = decided.next
        yield decided


def _undone(id: UUID) -> RosterImport:
    undo_import(import_id=id, by=None, at=now())
    return work_on(id)


class _Progress:
    """A bar for each step: rows that are checked, people who get their numbers."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: tqdm[Any] = tqdm(unit=" rows", disable=None)

    def __call__(self, batch: RosterImport) -> None:
        if self._step != batch.status:
            self._step = str(batch.status)
            self._bar.reset(total=batch.rows_total or None)
            self._bar.set_description(self._step)
        done = batch.rows_done if batch.status == ImportStatus.CHECKING else batch.numbered_to
        self._bar.update(max(0, done - self._bar.n))

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
