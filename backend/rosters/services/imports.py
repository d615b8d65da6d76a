"""Imports of rosters: received, checked, started, undone; each act is one step of a batch."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import Refusal, require
from backend.lib.texts import as_line
from backend.rosters.acts import Acts
from backend.rosters.locks import imports_to_lock
from backend.rosters.models import ImportStatus, RosterImport
from backend.rosters.reading.files import look_at
from backend.rosters.services.import_undo import dependents_of
from backend.rosters.services.newcomer_bounds import require_newcomers
from backend.rosters.services.staging import dismiss_all, forget_differences
from backend.volunteers.grants import OWN, Grant
from backend.volunteers.models import Unit
from backend.volunteers.rules import may_manage
from backend.volunteers.services.finding import require_finding

UNSTARTED_KEPT = timedelta(days=7)
"""How long a checked import waits to be started."""


class ImportIdTaken(Refusal):
    """There is another import with this id."""

    slug = "import-id-taken"
    text = _("This form was sent already. Choose the file again.")


class ImportNotReady(Refusal):
    """The import is not at the point where this can be done; `detail` names its status."""

    slug = "import-not-ready"
    text = _("The import has moved on; look at its present state.")


class RowsRejected(Refusal):
    """Some rows were rejected: mend the file and upload it again, or say `skip_rejected`."""

    slug = "rows-rejected"
    text = _("Some rows were rejected. Mend the file and upload it again, or leave them out.")


class SomethingDepends(Refusal):
    """The import cannot be undone any more: something depends on its people."""

    slug = "something-depends"
    text = _("It cannot be undone any more: something was done with these people since.")


def imports_folder() -> Path:
    """Return where uploaded rosters lie until they have been checked; for the owner alone."""
    folder = Path(settings.IMPORTS_FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@transaction.atomic
def receive_import(
    *, id: UUID, unit: Unit, name: str, path: Path, file_name: str, by: User | None, at: datetime
) -> RosterImport:
    """Register a roster's file, which lies at `path`, as a batch to be checked; again is the same batch.

    Raises UnreadableRoster, ImportIdTaken, or TooManyFound.
    """
    grant = require(may_import(by, unit, at))
    require_finding(by, at)
    appearance = look_at(path)
    known = RosterImport.objects.filter(pk=id).first()
    if known is not None:
        if (known.unit_id, known.file_sha256) != (unit.pk, appearance.sha256):
            raise ImportIdTaken
        return known
    batch = RosterImport.objects.create(
        id=id,
        unit=unit,
        name=name,
        path=str(path.resolve()),
        file_name=as_line(file_name)[-200:],
        file_size=appearance.size,
        file_sha256=appearance.sha256,
        format=appearance.format,
        encoding=appearance.encoding,
        rows_total=appearance.lines,
        made_by=by,
        made_at=at,
    )
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.ROSTER_RECEIVED, batch.subject, unit=unit.number, sha256=appearance.sha256)
    return batch


@transaction.atomic
def start_import(
    *, import_id: UUID, skip_rejected: bool, skip_new: bool = False, by: User | None, at: datetime
) -> RosterImport:
    """Begin to import a checked batch; it appears whole a little later. Again is the same.

    With `skip_new` only the differences of known people are wanted: new people are forgotten. Raises ImportNotReady,
    TooManyNumbers, or RowsRejected unless the rejected rows are to be left out.
    """
    batch = locked(import_id)
    grant = require(may_import(by, batch.unit, at))
    if batch.status in ImportStatus.started():
        return batch
    require_status(batch, ImportStatus.CHECKED)
    if batch.rejected and not skip_rejected:
        raise RowsRejected(f"{batch.rejected} rows were rejected: mend the file, or leave them out.")
    if skip_new:
        dismiss_all(batch.pk)
    elif by is not None:
        require_newcomers(batch, at=at)
    batch.save(update_fields=batch.start(by=by))
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.ROSTER_STARTED, batch.subject, rejected=batch.rejected, skip_new=skip_new)
    return batch


@transaction.atomic
def undo_import(*, import_id: UUID, by: User | None, at: datetime) -> RosterImport:
    """Undo a batch: waiting people are forgotten now, people in the roster are taken out a little later.

    Again is the same. Raises ImportNotReady while it is being imported, SomethingDepends with what depends on its
    people and how often.
    """
    batch = locked(import_id)
    grant = require(may_import(by, batch.unit, at))
    if batch.status in ImportStatus.taken_back():
        return batch
    require_status(batch, *ImportStatus.undoable())
    if batch.status == ImportStatus.IMPORTED:
        refuse_dependents(batch)
        changed = batch.begin_undo(by=by)
    else:
        dismiss_all(batch.pk)
        forget_differences(batch.pk)
        forget_file(batch)
        changed = batch.undo(by=by, at=at)
    batch.save(update_fields=changed)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.ROSTER_UNDONE, batch.subject, people=batch.accepted)
    return batch


def forget_unstarted(*, at: datetime) -> int:
    """Forget the people of imports that were checked a week ago and never started; returns how many imports."""
    old = RosterImport.objects.unstarted().filter(made_at__lt=at - UNSTARTED_KEPT)
    ids = list(old.values_list("pk", flat=True)[:20])
    for id in ids:
        undo_import(import_id=id, by=None, at=at)
    return len(ids)


def refuse_dependents(batch: RosterImport) -> None:
    """Raise SomethingDepends if anything was done with a batch's people since it was imported."""
    found = dependents_of(batch)
    if found:
        counts = ", ".join(f"{name}: {count}" for name, count in found.items())
        raise SomethingDepends(f"The import cannot be undone any more; depending on its people: {counts}.")


def locked(import_id: UUID) -> RosterImport:
    """Lock a batch and return it."""
    return imports_to_lock().get(pk=import_id)


def forget_file(batch: RosterImport) -> None:
    """Delete the uploaded file after the commit; one that was named on the command line is not ours."""
    path = Path(batch.path)
    if path.parent == imports_folder().resolve():
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


def may_import(by: User | None, unit: Unit, at: datetime) -> Grant:
    """Those who look after a unit import into it, and operators on the command line."""
    return may_manage(by, unit, at) if by else OWN


def require_status(batch: RosterImport, *wanted: ImportStatus) -> None:
    """Raise ImportNotReady unless an import is in one of these states."""
    if batch.status not in wanted:
        raise ImportNotReady(f"The import is {ImportStatus(batch.status).value}.")
