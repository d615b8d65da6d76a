"""Goes on with imports, portion by portion: what was committed is never done again, whoever was killed in between."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    transaction,
)
from django.db.models import Q

from backend.audit.services import record
from backend.lib.api import now
from backend.lib.errors import Refusal
from backend.volunteers.models import WORKING, ImportStatus, Outcome, ReportedRow, RosterImport, Skill, Unit
from backend.volunteers.queries.units import retired_units
from backend.volunteers.rosters.columns import Column, Heading
from backend.volunteers.rosters.files import OpenRoster, look_at, open_roster
from backend.volunteers.rosters.people import Person, RowReader, Surroundings
from backend.volunteers.rosters.places import NamedUnit, UnitFinder, skill_names
from backend.volunteers.rosters.refusals import RowRejected, UnreadableRoster
from backend.volunteers.rules import within
from backend.volunteers.services.enrolment import enrol_all, refresh_statistics
from backend.volunteers.services.finding import note_found_by_import
from backend.volunteers.services.import_undo import take_out
from backend.volunteers.services.imports import (
    SomethingDepends,
    forget_file,
    locked,
    refuse_dependents,
)
from backend.volunteers.services.joining import (
    PORTION,
    dismiss_all,
    follow_retired_units,
    number_newcomers,
    stage,
    withdraw_same_people,
)
from backend.volunteers.services.seats import UnitRetired

logger = logging.getLogger(__name__)

MAX_REPORTED = 10_000
"""Rows of each outcome that are in the report; the others are only counted."""
LEASE = timedelta(seconds=60)
"""How long a worker of another machine may be silent before somebody else goes on."""
_TRIES = 5
_MANY = 10_000
"""Rows from which the database is told at once that its tables have changed."""

Tell = Callable[[RosterImport], None]


class Superseded(Exception):
    """Somebody else has gone on with the batch, or it was undone."""


def work_on(import_id: UUID, *, tell: Tell = lambda _: None, portion: int = PORTION) -> RosterImport:
    """Go on with a batch until there is nothing to do or somebody else is at it; `tell` hears of each portion."""
    while (batch := _claimed(import_id)) is not None:
        try:
            _go_on(batch, tell, portion)
        except Superseded:
            break
        except Refusal as refusal:
            _fail(import_id, refusal.detail)
        except (OperationalError, InterfaceError):
            raise  # the database is away or had to choose between two: the next turn goes on
        except Exception:
            logger.exception("import %s failed", import_id)
            _fail(import_id, "Something went wrong on the server; it was logged.")
    RosterImport.objects.filter(pk=import_id, worker=_me()).update(worker="", worker_until=None)
    return RosterImport.objects.select_related("unit").get(pk=import_id)


_thread: threading.Thread | None = None


def turn(*, at: datetime) -> int:
    """Begin to work on the import that waits longest, in a thread of its own: the clock has other things to do."""
    global _thread
    if _thread is not None and _thread.is_alive():
        return 0
    import_id = next_waiting(at=at)
    if import_id is None:
        return 0
    _thread = threading.Thread(target=_work_apart, args=(import_id,), name="imports", daemon=True)
    _thread.start()
    _thread.join(0.5)  # most are done by then
    return 1


def next_waiting(*, at: datetime) -> UUID | None:
    """Return the import that has waited longest for somebody to go on with it, and whose file is on this machine."""
    waiting = RosterImport.objects.filter(_is_free(at), status__in=WORKING).order_by("made_at")
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
    if batch.unit.retired_at and batch.status != ImportStatus.UNDOING:
        raise UnitRetired("The unit is no more: import the file into its successor.")
    match batch.status:
        case ImportStatus.CHECKING:
            _check(batch, tell, portion)
        case ImportStatus.IMPORTING:
            _bring_in(batch, tell, portion)
        case _:
            _take_back(batch.pk)


# --- whose turn it is ---------------------------------------------------------------------------------------------


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[-80:]


def _is_free(at: datetime) -> Q:
    return Q(worker="") | Q(worker=_me()) | Q(worker_until__lt=at)


def _claimed(import_id: UUID) -> RosterImport | None:
    """Take a batch on which there is work; None if there is none, or somebody alive is at it."""
    at = now()
    for worker in (
        RosterImport.objects.filter(pk=import_id).exclude(worker="").values_list("worker", flat=True)
    ):
        if _is_dead(worker):
            RosterImport.objects.filter(pk=import_id, worker=worker).update(worker="", worker_until=None)
    mine = RosterImport.objects.filter(_is_free(at), pk=import_id, status__in=WORKING)
    if not mine.update(worker=_me(), worker_until=at + LEASE):
        return None
    return RosterImport.objects.select_related("unit").get(pk=import_id)


def _is_dead(worker: str) -> bool:
    """Tell whether a worker was a process of this machine that is no more; of others nothing is known."""
    host, _, process = worker.rpartition(":")
    if host != socket.gethostname() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _held(import_id: UUID, status: ImportStatus, rows_done: int | None = None) -> RosterImport:
    """Lock a batch for the next portion, and hold it on. Raises Superseded unless it is as it was left."""
    batch = locked(import_id)
    if batch.status != status or batch.worker != _me() or rows_done not in (None, batch.rows_done):
        raise Superseded
    batch.worker_until = now() + LEASE
    return batch


# --- checking -----------------------------------------------------------------------------------------------------


@dataclass
class _Portion:
    """Rows that are stored together."""

    people: list[Person] = field(default_factory=list)
    reported: list[ReportedRow] = field(default_factory=list)
    rejected: int = 0
    last_row: int = 0

    @property
    def rows(self) -> int:
        return len(self.people) + self.rejected


def _check(batch: RosterImport, tell: Tell, size: int) -> None:
    """Read the rest of the file: accepted rows become newcomers, the others stand in the report."""
    path = Path(batch.path)
    try:
        if batch.rows_done and look_at(path).sha256 != batch.file_sha256:
            raise UnreadableRoster("The file has changed since its first part was read.")
        roster = open_roster(path, batch.format, batch.encoding)
        reader = RowReader(roster.heading, _surroundings(batch.unit))
        _read(batch, roster, reader, tell, size)
    except OSError as error:
        raise UnreadableRoster("The file is not there any more; upload it again.") from error
    note_found_by_import(batch, by=batch.made_by, at=now())
    tell(_close_check(batch.pk))


def _read(batch: RosterImport, roster: OpenRoster, reader: RowReader, tell: Tell, size: int) -> None:
    done, portion = batch.rows_done, _Portion()
    for row, cells in roster.rows:
        if row <= done:
            continue
        portion.last_row = row
        try:
            person = reader.read(row, cells)
            portion.people.append(person)
            if person.remark:
                portion.reported.append(_remark(batch, roster.heading, person))
        except RowRejected as rejection:
            portion.rejected += 1
            portion.reported.append(_rejected(batch, roster.heading, row, rejection))
        if portion.rows >= size:
            tell(_store(batch.pk, roster.heading, portion, done))
            done, portion = row, _Portion()
    if portion.rows:
        tell(_store(batch.pk, roster.heading, portion, done))


@transaction.atomic
def _store(import_id: UUID, heading: Heading, portion: _Portion, done: int) -> RosterImport:
    """Store a portion and move the point from which a killed import goes on, in one transaction."""
    batch = _held(import_id, ImportStatus.CHECKING, done)
    remarks = [row for row in portion.reported if row.outcome == Outcome.REMARK]
    rejected = [row for row in portion.reported if row.outcome == Outcome.REJECTED]
    ReportedRow.objects.bulk_create(
        remarks[: max(0, MAX_REPORTED - batch.remarks)] + rejected[: max(0, MAX_REPORTED - batch.rejected)]
    )
    stage(import_id, portion.people)
    batch.accepted += len(portion.people)
    batch.rejected += portion.rejected
    batch.remarks += len(remarks)
    batch.rows_done = portion.last_row
    batch.rows_total = max(batch.rows_total, batch.rows_done)
    batch.ignored_columns = heading.ignored
    batch.save()
    return batch


@transaction.atomic
def _close_check(import_id: UUID) -> RosterImport:
    """Find who comes twice or is in the roster already: from now on the report is whole."""
    batch = _held(import_id, ImportStatus.CHECKING)
    _withdraw_same_people(batch, in_file=True)
    batch.rows_total = batch.rows_done
    batch.status = ImportStatus.CHECKED
    batch.save()
    forget_file(batch)
    record("roster.checked", subject=batch.subject, by=None, at=now(), **_counts(batch))
    return batch


def _withdraw_same_people(batch: RosterImport, *, in_file: bool) -> None:
    room = max(0, MAX_REPORTED - batch.duplicates)
    count, report = withdraw_same_people(batch.pk, shown=room, in_file=in_file)
    ReportedRow.objects.bulk_create(
        ReportedRow(
            batch=batch,
            row=row,
            cell=str(row),
            column=column,
            outcome=Outcome.DUPLICATE,
            code=code,
            other_row=other,
        )
        for row, column, code, other in report
    )
    batch.duplicates += count
    batch.accepted -= count


def _surroundings(unit: Unit) -> Surroundings:
    units = Unit.objects.filter(within(unit.path), retired_at=None).values_list(
        "pk", "path", "number", "official_name", "display_name", "brand_name"
    )
    named = (
        NamedUnit(id, path, number, tuple(dict.fromkeys(name for name in names if name)))
        for id, path, number, *names in units.iterator(chunk_size=2_000)
    )
    # A retired number stands for the successor, as at every door; a name may have gone to another unit.
    followed = (
        NamedUnit(successor.pk, gone.path, gone.number, ())
        for gone, successor in retired_units()
        if successor.path.startswith(unit.path)
    )
    return Surroundings(
        unit_id=unit.pk,
        unit_named=UnitFinder(chain(named, followed), Unit.steplen),
        skills=skill_names(Skill.objects.values_list("pk", "code", "name")),
        today=now().date() + timedelta(days=1),  # somewhere it is tomorrow
    )


def _rejected(batch: RosterImport, heading: Heading, row: int, rejection: RowRejected) -> ReportedRow:
    cell, column = heading.cell(rejection.column, row), rejection.column or ""
    return ReportedRow(
        batch=batch, row=row, cell=cell, column=column, outcome=Outcome.REJECTED, code=rejection.code
    )


def _remark(batch: RosterImport, heading: Heading, person: Person) -> ReportedRow:
    cell = heading.cell(Column.ROLE, person.row)
    return ReportedRow(
        batch=batch,
        row=person.row,
        cell=cell,
        column=Column.ROLE,
        outcome=Outcome.REMARK,
        code=person.remark,
    )


def _counts(batch: RosterImport) -> dict[str, Any]:
    return {"accepted": batch.accepted, "duplicates": batch.duplicates, "rejected": batch.rejected}


# --- importing, undoing, failing ----------------------------------------------------------------------------------


def _bring_in(batch: RosterImport, tell: Tell, size: int) -> None:
    while numbered := _number_portion(batch.pk, size):
        tell(numbered)
    for attempt in range(1, _TRIES + 1):
        note_found_by_import(batch, by=batch.started_by, at=now())
        try:
            tell(_enrol(batch.pk))
        except IntegrityError:
            # Somebody joined with one of the phones, or a unit moved, between the look and the writing: look again.
            if attempt == _TRIES:
                _fail(batch.pk, "The people could not be written: a unit, or one of them, has just changed.")
        else:
            break
    if batch.rows_done > _MANY:
        refresh_statistics()


@transaction.atomic
def _number_portion(import_id: UUID, size: int) -> RosterImport | None:
    batch = _held(import_id, ImportStatus.IMPORTING)
    last_row = number_newcomers(import_id, after_row=batch.numbered_to, limit=size)
    if last_row is None:
        return None
    batch.numbered_to = last_row
    batch.save()
    return batch


@transaction.atomic
def _enrol(import_id: UUID) -> RosterImport:
    """Make the whole batch appear at once."""
    batch, at = _held(import_id, ImportStatus.IMPORTING), now()
    _withdraw_same_people(batch, in_file=False)
    follow_retired_units(import_id)
    batch.accepted = enrol_all(import_id, at=at)
    batch.status, batch.finished_at = ImportStatus.IMPORTED, at
    batch.save()
    record("roster.imported", subject=batch.subject, by=batch.started_by, at=at, **_counts(batch))
    return batch


def _take_back(import_id: UUID) -> None:
    try:
        with transaction.atomic():
            batch, at = _held(import_id, ImportStatus.UNDOING), now()
            refuse_dependents(batch)
            count = take_out(batch, at=at)
            batch.status, batch.undone_at = ImportStatus.UNDONE, at
            batch.save()
            record("roster.taken-out", subject=batch.subject, by=batch.undone_by, at=at, people=count)
    except (SomethingDepends, IntegrityError) as error:
        detail = error.detail if isinstance(error, SomethingDepends) else SomethingDepends().detail
        _fail(import_id, detail)


@transaction.atomic
def _fail(import_id: UUID, why: str) -> None:
    """End a batch that cannot be read or written: nothing stays but the report; one that was to be undone stays."""
    batch = locked(import_id)
    if batch.status not in WORKING:
        return
    is_there = batch.status == ImportStatus.UNDOING
    if not is_there:
        dismiss_all(import_id)
        forget_file(batch)
    batch.status = ImportStatus.IMPORTED if is_there else ImportStatus.FAILED
    batch.failure = why[:300]
    batch.save(update_fields=["status", "failure"])
    record("roster.failed", subject=batch.subject, by=None, at=now(), why=batch.failure)
