"""The leases of workers on imports, and when an import is given up."""

import os
import socket
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from backend.accounts.acting import acting
from backend.lib.clock import now
from backend.rosters.acts import Acts
from backend.rosters.models import ImportStatus, RosterImport
from backend.rosters.services.imports import forget_file, locked
from backend.rosters.services.staging import dismiss_all, forget_differences

LEASE = timedelta(seconds=60)
"""The lease: a worker of another machine may be silent so long before another goes on. Clocks of machines differ, so
the time is the database's."""
MOST_DEATHS = 3
"""Workers that may die at the same place of an import."""
GIVEN_UP = (
    "The import was given up: three workers died at the same place of it. Save the file as CSV, or divide it."
)


class Superseded(Exception):
    """Another worker has gone on with the batch, or it was undone."""


def me() -> str:
    """Return the name of this worker: its machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"[-80:]


def is_free() -> Q:
    """Select the imports on which no living worker is."""
    return Q(worker="") | Q(worker=me()) | Q(worker_until__lt=Now())


def claimed(import_id: UUID) -> RosterImport | None:
    """Take the lease on a batch with work to do; None if there is no work, or a living worker has it."""
    held = RosterImport.objects.filter(pk=import_id).exclude(worker__in=("", me()))
    is_over = ExpressionWrapper(Q(worker_until__lt=Now()), BooleanField())
    for worker, over in held.annotate(over=is_over).values_list("worker", "over"):
        if _is_dead(worker) or over:
            _bury(import_id, worker)
    mine = RosterImport.objects.working().filter(is_free(), pk=import_id)
    if not mine.update(worker=me(), worker_until=Now() + LEASE):
        return None
    return RosterImport.objects.select_related("unit").get(pk=import_id)


def let_go(import_id: UUID) -> None:
    """End the lease of this worker on a batch, and leave the batch to the next worker."""
    RosterImport.objects.filter(pk=import_id, worker=me()).update(worker="", worker_until=None)


def held(import_id: UUID, status: ImportStatus, rows_done: int | None = None) -> RosterImport:
    """Lock a batch for the next portion, and renew the lease. Raises Superseded unless the batch is as it was left."""
    batch = locked(import_id)
    if batch.status != status or batch.worker != me() or rows_done not in (None, batch.rows_done):
        raise Superseded
    batch.worker_until, batch.deaths = Now() + LEASE, 0
    return batch


def hold_on(import_id: UUID) -> None:
    """Renew the lease on a batch while its file takes its time. Raises Superseded."""
    mine = RosterImport.objects.being_checked().filter(pk=import_id, worker=me())
    if not mine.update(worker_until=Now() + LEASE):
        raise Superseded


def count_death(import_id: UUID) -> None:
    """Note that the worker of a batch died; after the third death without a portion in between it is given up."""
    RosterImport.objects.filter(pk=import_id).update(deaths=F("deaths") + 1)
    if RosterImport.objects.filter(pk=import_id, deaths__gte=MOST_DEATHS).exists():
        fail(import_id, GIVEN_UP)


@transaction.atomic
def fail(import_id: UUID, why: str) -> None:
    """End a batch that cannot be read or written: only the report stays. One that was to be undone stays imported."""
    batch = locked(import_id)
    if not batch.is_working:
        return
    batch.save(update_fields=batch.fail(why=why))
    if batch.status == ImportStatus.FAILED:
        dismiss_all(import_id)
        forget_differences(import_id)
        forget_file(batch)
    with acting(by=None, at=now()) as act:
        act.record(Acts.ROSTER_FAILED, batch.subject, why=batch.failure)


def _bury(import_id: UUID, worker: str) -> None:
    """Take a batch from a worker that is no more, once."""
    gone = RosterImport.objects.filter(pk=import_id, worker=worker)
    if gone.update(worker="", worker_until=None):
        count_death(import_id)


def _is_dead(worker: str) -> bool:
    """Tell whether a worker was a process of this machine that has ended; of other machines nothing is known."""
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
