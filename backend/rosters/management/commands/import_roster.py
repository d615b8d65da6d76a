"""Imports a roster of people, with a report of every row that is not plainly accepted."""

from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from backend.lib.clock import now
from backend.lib.errors import NotFound, Refusal
from backend.rosters.models import ImportStatus, RosterImport
from backend.rosters.queries.imports import import_out, whole_report
from backend.rosters.reading.tables import csv_parts
from backend.rosters.schemas.imports import ReportedRowOut
from backend.rosters.services.import_files import import_file
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import undo_import
from backend.rosters.services.staging import PORTION
from backend.volunteers.queries import unit_by_number

_SHOWN = 20


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
        parser.add_argument("--undo", type=UUID, metavar="ID", help="undo an import instead")
        parser.add_argument("--report", type=Path, help="write the report to this CSV file")
        parser.add_argument("--portion", type=int, default=PORTION, help="rows of one transaction")

    def handle(self, *args: Any, file: Path | None, undo: UUID | None, **options: Any) -> None:
        try:
            batch = _undone(undo) if undo else self._imported(file, options)
        except (Refusal, RosterImport.DoesNotExist, OSError) as error:
            raise CommandError(str(error)) from error
        self._tell(batch, options["report"])

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
                tell=progress,
                portion=options["portion"],
            )

    def _tell(self, batch: RosterImport, report: Path | None) -> None:
        self.stdout.write(
            f"{batch.name} ({batch.pk}): {batch.status}; {batch.accepted} accepted,"
            f" {batch.duplicates} duplicates, {batch.rejected} rejected, {batch.remarks} with a remark."
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
