"""Imports a roster from a file in one go: for the command line, and for measuring."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from uuid6 import uuid7

from backend.volunteers.models import WORKING, ImportStatus, RosterImport, Unit, User
from backend.volunteers.rosters.files import look_at
from backend.volunteers.services.import_work import work_on
from backend.volunteers.services.imports import ImportNotReady, receive_import, start_import, undo_import
from backend.volunteers.services.joining import PORTION


def import_file(
    path: Path,
    *,
    unit: Unit,
    name: str,
    by: User | None,
    at: datetime,
    dry_run: bool = False,
    resume: bool = False,
    skip_rejected: bool = False,
    tell: Callable[[RosterImport], None] = lambda _: None,
    portion: int = PORTION,
) -> RosterImport:
    """Check a file and import it as one batch; a dry run ends with the report, and the batch counts as undone.

    With `resume` an import of the same file that was broken off goes on; without, it is refused. Raises
    UnreadableRoster, ImportNotReady, RowsRejected.
    """
    begun = _unfinished(path, unit)
    if begun is not None and not resume:
        raise ImportNotReady("An import of this file was broken off: resume it, or undo it first.")
    batch = begun or receive_import(
        id=uuid7(), unit=unit, name=name, path=path, file_name=path.name, by=by, at=at
    )
    batch = work_on(batch.pk, tell=tell, portion=portion)
    if batch.status != ImportStatus.CHECKED:
        return batch
    if dry_run:
        return undo_import(import_id=batch.pk, by=by, at=at)
    start_import(import_id=batch.pk, skip_rejected=skip_rejected, by=by, at=at)
    return work_on(batch.pk, tell=tell, portion=portion)


def _unfinished(path: Path, unit: Unit) -> RosterImport | None:
    """Return the latest import of the same file into the same unit that has not come to its end."""
    begun = RosterImport.objects.filter(
        unit=unit, file_sha256=look_at(path).sha256, status__in=[*WORKING, ImportStatus.CHECKED]
    )
    return begun.order_by("-made_at").first()
