"""Goes on with imports, portion by portion: a committed portion is never done again, even if a worker was killed."""

import logging
import threading
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    transaction,
)

from backend.accounts.acting import acting
from backend.lib.clock import now
from backend.lib.errors import Refusal
from backend.rosters.acts import Acts
from backend.rosters.models import Difference, ImportStatus, RosterImport
from backend.rosters.reading.apart import ReaderDied
from backend.rosters.services.commit import enrol_all, refresh_statistics
from backend.rosters.services.differences import restore_differences
from backend.rosters.services.finding import note_found_by_import
from backend.rosters.services.import_check import Tell, check_file, report_same_people
from backend.rosters.services.import_turns import (
    Superseded,
    claimed,
    count_death,
    fail,
    held,
    is_free,
    let_go,
)
from backend.rosters.services.imports import SomethingDepends, refuse_dependents
from backend.rosters.services.staging import PORTION, follow_retired_units, number_newcomers
from backend.volunteers.services.removal import delete_batch
from backend.volunteers.services.seats import UnitRetired

logger = logging.getLogger(__name__)

_TRIES = 5
_MANY = 10_000
"""Rows from which the database is told at once that its tables have changed."""


def work_on(import_id: UUID, *, tell: Tell = lambda _: None, portion: int = PORTION) -> RosterImport:
    """Go on with a batch until there is nothing to do or another worker has it; `tell` hears of each portion."""
    while (batch := claimed(import_id)) is not None:
        try:
            _go_on(batch, tell, portion)
        except Superseded:
            break
        except ReaderDied as death:
            logger.warning("import %s: %s", import_id, death)
            count_death(import_id)
        except Refusal as refusal:
            fail(import_id, refusal.detail)
        except (OperationalError, InterfaceError):
            raise  # the database is away or had to choose between two: the next turn goes on
        except Exception:
            logger.exception("import %s failed", import_id)
            fail(import_id, "Something went wrong on the server; it was logged.")
    let_go(import_id)
    return RosterImport.objects.select_related("unit").get(pk=import_id)


_thread: threading.Thread | None = None


def turn(*, at: datetime) -> int:  # noqa: ARG001  # the clock's; a lease goes by the database's time
    """Begin to work on the import that waits longest, in a thread of its own: the clock has other things to do."""
    global _thread
    if _thread is not None and _thread.is_alive():
        return 0
    import_id = next_waiting()
    if import_id is None:
        return 0
    _thread = threading.Thread(target=_work_apart, args=(import_id,), name="imports", daemon=True)
    _thread.start()
    _thread.join(0.5)  # most are done by then
    return 1


def next_waiting() -> UUID | None:
    """Return the import that has waited longest for a worker, of those whose file is on this machine."""
    waiting = RosterImport.objects.working().filter(is_free()).order_by("made_at")
    for batch in waiting[:20]:
        if batch.status != ImportStatus.CHECKING or Path(batch.path).exists():
            return batch.pk
    return None


def _work_apart(import_id: UUID) -> None:
    close_old_connections()
    try:
        work_on(import_id)
    except (OperationalError, InterfaceError):
        logger.warning("import %s waits for the database", import_id, exc_info=True)
    finally:
        close_old_connections()


def _go_on(batch: RosterImport, tell: Tell, portion: int) -> None:
    if batch.unit.is_retired and batch.status != ImportStatus.UNDOING:
        raise UnitRetired("The unit is no more: import the file into its successor.")
    match batch.status:
        case ImportStatus.CHECKING:
            check_file(batch, tell, portion)
        case ImportStatus.IMPORTING:
            _bring_in(batch, tell, portion)
        case _:
            _take_back(batch)


# --- importing, undoing, failing ----------------------------------------------------------------------------------


def _bring_in(batch: RosterImport, tell: Tell, size: int) -> None:
    while numbered := _number_portion(batch.pk, size):
        tell(numbered)
    for attempt in range(1, _TRIES + 1):
        note_found_by_import(batch, by=batch.started_by, at=now())
        try:
            tell(_enrol(batch.pk))
        except IntegrityError:
            # A person joined with one of the phones, or a unit moved, between check and writing: check again.
            if attempt == _TRIES:
                fail(batch.pk, "The people could not be written: a unit, or one of them, has just changed.")
        else:
            break
    if batch.rows_done > _MANY:
        refresh_statistics()


@transaction.atomic
def _number_portion(import_id: UUID, size: int) -> RosterImport | None:
    batch = held(import_id, ImportStatus.IMPORTING)
    last_row = number_newcomers(import_id, after_row=batch.numbered_to, limit=size)
    if last_row is None:
        return None
    batch.numbered_to = last_row
    batch.save()
    return batch


@transaction.atomic
def _enrol(import_id: UUID) -> RosterImport:
    """Make the whole batch appear at once."""
    batch, at = held(import_id, ImportStatus.IMPORTING), now()
    report_same_people(batch, in_file=False, by=batch.started_by, at=at)
    follow_retired_units(import_id)
    batch.accepted = enrol_all(import_id, at=at)
    batch.finish(at=at)
    batch.save()
    counts = {"known": batch.known, "duplicates": batch.duplicates, "rejected": batch.rejected}
    with acting(by=batch.started_by, at=at) as act:
        act.record(Acts.ROSTER_IMPORTED, batch.subject, accepted=batch.accepted, **counts)
    return batch


def _take_back(batch: RosterImport) -> None:
    import_id = batch.pk
    try:
        refuse_dependents(batch)
        restore_differences(batch, lambda: held(import_id, ImportStatus.UNDOING), at=now())
        with transaction.atomic():
            batch, at = held(import_id, ImportStatus.UNDOING), now()
            refuse_dependents(batch)
            Difference.objects.filter(
                volunteer__batch_id=batch.pk
            ).delete()  # what later files say of these people
            count = delete_batch(batch.pk, at=at)
            batch.undo(by=batch.undone_by, at=at)
            batch.save()
            with acting(by=batch.undone_by, at=at) as act:
                act.record(Acts.ROSTER_TAKEN_OUT, batch.subject, people=count)
    except (SomethingDepends, IntegrityError) as error:
        detail = error.detail if isinstance(error, SomethingDepends) else SomethingDepends().detail
        fail(import_id, detail)
