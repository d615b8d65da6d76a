"""Scheduled work: functions that apps register and a clock process calls at intervals.

Due work is a row in the database, never a timer in memory. A function claims rows, checks their state again inside the
transaction that acts, and returns the number of handled rows.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import close_old_connections

from backend.lib import clock as time_of_product
from backend.lib.clock import now

logger = logging.getLogger(__name__)


class DueWork(Protocol):
    """Handles what has fallen due at `at`; returns the number of handled rows."""

    def __call__(self, *, at: datetime) -> int: ...


@dataclass
class _Job:
    name: str
    every: timedelta
    work: DueWork
    next_at: float = 0.0


_jobs: dict[str, _Job] = {}


def due(*, every: timedelta) -> Callable[[DueWork], DueWork]:
    """Register work that the clock does at this interval."""

    def register(work: DueWork) -> DueWork:
        name = f"{work.__module__}.{work.__qualname__}"  # type: ignore[attr-defined]
        _jobs[name] = _Job(name, every, work)
        return work

    return register


def tick(*, at: datetime) -> dict[str, int]:
    """Do all registered work once, whatever its interval; return the handled rows of each. For tests and `--once`."""
    return {job.name: job.work(at=at) for job in _jobs.values()}


def run(stop: threading.Event) -> None:
    """Do due work until `stop` is set. Failed work is logged and retried at its next turn.

    Intervals are of the product's time: a rehearsal at a higher rate does its work as much more often.
    """
    while not stop.wait(0.2):
        moment = time.monotonic()
        for job in [job for job in _jobs.values() if job.next_at <= moment]:
            job.next_at = moment + job.every.total_seconds() / time_of_product.rate()
            _do(job)


def start_inside() -> threading.Event:
    """Run the clock in a thread of this process (the embedded default); set the returned event to stop it."""
    stop = threading.Event()
    threading.Thread(target=run, args=(stop,), name="clock", daemon=True).start()
    return stop


def _do(job: _Job) -> None:
    close_old_connections()
    try:
        dealt_with = job.work(at=now())
        if dealt_with:
            logger.info("%s: %d", job.name, dealt_with)
    except Exception:
        logger.exception("due work failed: %s", job.name)
    finally:
        close_old_connections()
