"""Imports a roster from a file in one go: for the command line, and for measuring."""

import time
from datetime import datetime
from pathlib import Path

from uuid6 import uuid7

from backend.accounts.models import User
from backend.rosters.models import ImportStatus, RosterImport
from backend.rosters.reading.files import look_at
from backend.rosters.services.import_check import Tell
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import ImportNotReady, receive_import, start_import, undo_import
from backend.rosters.services.staging import PORTION
from backend.volunteers.models import Unit

_PAUSE_S = 0.5
_UNDER_WAY = (
    "This file is {what} at this moment, or that was broken off: “{{name}}” ({{id}})."
    " Wait for it, or go on with --resume."
)
_HOW_IT_STANDS = {
    ImportStatus.CHECKED: (
        "This file has been checked, and waits to be started: “{name}” ({id})."
        " Start or undo it on the page, or go on with --resume, or take it back with --undo {id}."
    ),
    ImportStatus.CHECKING: _UNDER_WAY.format(what="being checked"),
    ImportStatus.IMPORTING: _UNDER_WAY.format(what="being imported"),
    ImportStatus.UNDOING: _UNDER_WAY.format(what="being taken out of the roster"),
}
"""What is said of a file whose import has not come to its end; `_unfinished` finds no others."""


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
    skip_new: bool = False,
    tell: Tell = lambda _: None,
    portion: int = PORTION,
) -> RosterImport:
    """Check a file and import it as one batch; a dry run ends with the report, and the batch counts as undone.

    With `resume` an import of the same file that has not come to its end goes on; without, it is refused. A dry run
    leaves one that was uploaded on the page as it is. Raises
    UnreadableRoster, ImportNotReady, RowsRejected.
    """
    begun = _unfinished(path, unit)
    if begun is not None and not resume:
        raise ImportNotReady(_HOW_IT_STANDS[ImportStatus(begun.status)].format(name=begun.name, id=begun.pk))
    batch = begun or receive_import(
        id=uuid7(), unit=unit, name=name, path=path, file_name=path.name, by=by, at=at
    )
    batch = _worked_off(batch, tell, portion)
    if batch.status != ImportStatus.CHECKED:
        return batch
    if dry_run and begun is not None and begun.made_by_id is not None:
        return batch
    if dry_run:
        return undo_import(import_id=batch.pk, by=by, at=at)
    started = start_import(import_id=batch.pk, skip_rejected=skip_rejected, skip_new=skip_new, by=by, at=at)
    return _worked_off(started, tell, portion)


def _worked_off(batch: RosterImport, tell: Tell, portion: int) -> RosterImport:
    """Work on a batch until nothing is to do; when the clock of this or another machine is at it, wait for that."""
    while (batch := work_on(batch.pk, tell=tell, portion=portion)).is_working:
        tell(batch)
        time.sleep(_PAUSE_S)
    return batch


def _unfinished(path: Path, unit: Unit) -> RosterImport | None:
    """Return the latest import of the same file into the same unit that has not come to its end."""
    begun = RosterImport.objects.unfinished().filter(unit=unit, file_sha256=look_at(path).sha256)
    return begun.order_by("-made_at").first()
