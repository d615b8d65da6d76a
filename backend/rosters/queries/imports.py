"""Reads imports of rosters and their reports."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from backend.lib.errors import NotFound
from backend.rosters.models import ImportStatus, Outcome, ReportedRow, RosterImport
from backend.rosters.reading.files import RosterFormat
from backend.rosters.reading.positions import Stretch, located
from backend.rosters.reading.refusals import FATES, NOTES, REASONS
from backend.rosters.schemas.imports import (
    ImportNote,
    ImportOut,
    ImportReport,
    ReportedRowOut,
    SheetOut,
)
from backend.volunteers.models import Unit
from backend.volunteers.rules import seen_from

SHOWN = 50
"""Imports of a unit that are listed."""
REPORT_PAGE = 200


def import_by_id(import_id: UUID) -> RosterImport:
    """Return an import with its unit. Raises NotFound."""
    batch = RosterImport.objects.select_related("unit").filter(pk=import_id).first()
    if batch is None:
        raise NotFound
    return batch


def imports_of(unit: Unit) -> list[ImportOut]:
    """Return the latest imports of a unit, the newest first."""
    return [import_out(batch) for batch in _latest(Q(unit=unit))]


def imports_below(unit: Unit) -> list[RosterImport]:
    """Return the latest imports of a unit and of all below it, the newest first."""
    return _latest(seen_from(unit.path, "unit__"))


def _latest(which: Q) -> list[RosterImport]:
    batches = RosterImport.objects.filter(which).select_related("unit").order_by("-made_at", "-pk")
    return list(batches[:SHOWN])


def import_out(batch: RosterImport) -> ImportOut:
    """Return an import as clients see it."""
    return ImportOut(
        id=batch.pk,
        unit=batch.unit.number,
        name=batch.name,
        file_name=batch.file_name,
        format=RosterFormat(batch.format),
        status=ImportStatus(batch.status),
        share=batch.share,
        rows_total=batch.rows_read,
        rows_done=batch.rows_done,
        rows_left_out=sum(sheet["rows"] for sheet in batch.sheets if sheet["fate"] != "read"),
        accepted=batch.accepted,
        known=batch.known,
        duplicates=batch.duplicates,
        rejected=batch.rejected,
        remarks=batch.remarks,
        ignored_columns=batch.ignored_columns,
        sheets=[SheetOut(**sheet, text=str(FATES[sheet["fate"]])) for sheet in batch.sheets],
        notes=[_note_out(note, batch.unit) for note in batch.notes],
        failure=gettext(batch.failure) if batch.failure else "",
        made_at=batch.made_at,
        finished_at=batch.finished_at,
        undone_at=batch.undone_at,
    )


def _note_out(note: dict[str, Any], unit: Unit) -> ImportNote:
    text = str(NOTES[note["code"]]).format(unit=unit.display_name, count=note.get("count", 0))
    return ImportNote(**note, text=text)


def report_of(batch: RosterImport, *, after: int = 0) -> ImportReport:
    """Return a page of the report; `after` is a place in the order of the file, not a row."""
    rows = list(
        ReportedRow.objects.filter(batch=batch).order_by("row", "pk")[after : after + REPORT_PAGE + 1]
    )
    stretches = [Stretch(*stretch) for stretch in batch.stretches]
    items = [_reported_out(row, stretches) for row in rows[:REPORT_PAGE]]
    return ImportReport(items=items, next=after + REPORT_PAGE if len(rows) > REPORT_PAGE else None)


def whole_report(batch: RosterImport) -> Iterator[ReportedRowOut]:
    """Yield all of the report."""
    stretches = [Stretch(*stretch) for stretch in batch.stretches]
    for row in batch.report.order_by("row", "pk").iterator():
        yield _reported_out(row, stretches)


def _reported_out(row: ReportedRow, stretches: Sequence[Stretch]) -> ReportedRowOut:
    sheet, number = located(row.row, stretches)
    earlier = located(row.other_row, stretches) if row.other_row is not None else None
    return ReportedRowOut(
        sheet=sheet,
        row=number,
        cell=row.cell or str(number),
        column=row.column,
        outcome=Outcome(row.outcome),
        code=row.code,
        reason=str(REASONS[row.code]),
        earlier_sheet=earlier[0] if earlier else None,
        earlier_row=earlier[1] if earlier else None,
    )
