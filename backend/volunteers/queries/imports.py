"""Reads imports of rosters and their reports."""

from uuid import UUID

from backend.lib.errors import NotFound
from backend.volunteers.models import ReportedRow, RosterImport, Unit
from backend.volunteers.rosters.refusals import REASONS
from backend.volunteers.schemas.imports import ImportOut, ImportReport, ReportedRowOut

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
    batches = RosterImport.objects.filter(unit=unit).select_related("unit").order_by("-made_at", "-pk")
    return [import_out(batch) for batch in batches[:SHOWN]]


def import_out(batch: RosterImport) -> ImportOut:
    """Return an import as clients see it."""
    return ImportOut(
        id=batch.pk,
        unit=batch.unit.number,
        name=batch.name,
        file_name=batch.file_name,
        format=batch.format,
        status=batch.status,
        share=batch.share,
        rows_total=batch.rows_total,
        rows_done=batch.rows_done,
        accepted=batch.accepted,
        duplicates=batch.duplicates,
        rejected=batch.rejected,
        remarks=batch.remarks,
        ignored_columns=batch.ignored_columns,
        failure=batch.failure,
        made_at=batch.made_at,
        finished_at=batch.finished_at,
        undone_at=batch.undone_at,
    )


def report_of(batch: RosterImport, *, after: int = 0) -> ImportReport:
    """Return a page of the report; `after` is a place in the order of the file, not a row."""
    rows = list(
        ReportedRow.objects.filter(batch=batch).order_by("row", "pk")[after : after + REPORT_PAGE + 1]
    )
    items = [
        ReportedRowOut(
            row=row.row,
            cell=row.cell,
            column=row.column,
            outcome=row.outcome,
            code=row.code,
            reason=str(REASONS[row.code]),
            earlier_row=row.other_row,
        )
        for row in rows[:REPORT_PAGE]
    ]
    return ImportReport(items=items, next=after + REPORT_PAGE if len(rows) > REPORT_PAGE else None)
