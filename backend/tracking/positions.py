"""Positions: accepted for trackable people only, stored in batches, acknowledged after the commit."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import InterfaceError, OperationalError

from backend.lib.clock import now
from backend.lib.datum import to_wgs84
from backend.realtime.connection import Connection
from backend.realtime.sync import in_thread
from backend.tracking import metrics
from backend.tracking.fixes import Positions
from backend.tracking.judging import Judge, Report
from backend.tracking.models import LatestPosition
from backend.tracking.schemas.positions import FixIn, Stored, Verdict
from backend.tracking.tracks import Key, Row, write_rows
from backend.volunteers.rules import within

logger = logging.getLogger(__name__)

FLUSH_S = 0.25
AGAIN_S = 1.0
"""Back-off after a batch that the database did not take."""
MAX_WAITING = 50_000
"""Fixes that may wait for the database in one process; above it frames are dropped, and the phones' queues still have
them."""
BATCH = 5_000
"""Fixes in one transaction: a backlog is stored in transactions of half a second at most."""
TAKEN = frozenset(("accepted", "duplicate"))
"""The verdicts of stored fixes; all others leave no row."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a report: the verdict of each fix, and the reporting interval from now on."""

    verdicts: list[Verdict]
    every_s: int


def store_and_pace(reports: Sequence[Report], *, at: datetime) -> list[Outcome]:
    """Store fixes as `store_fixes` does, and return the reporting interval of each person's phone."""
    judge = Judge(reports, at)
    return [
        Outcome(verdicts, judge.every_s(report.person))
        for report, verdicts in zip(reports, _store(reports, judge, at), strict=True)
    ]


def store_reports(reports: Sequence[Report], *, at: datetime) -> list[list[bool]]:
    """Store fixes as `store_fixes` does; return for each whether it was taken."""
    return [[verdict in TAKEN for verdict in verdicts] for verdicts in store_fixes(reports, at=at)]


def store_fixes(reports: Sequence[Report], *, at: datetime) -> list[list[Verdict]]:
    """Store the fixes of times with a reason to track; return the verdict of each.

    A fix from an ended duty or task, up to a week old, goes into the track alone: it moves no person on the map. A
    fix that is stored already counts as taken, because phones repeat fixes that were not acknowledged.
    """
    return _store(reports, Judge(reports, at), at)


def _store(reports: Sequence[Report], judge: Judge, at: datetime) -> list[list[Verdict]]:
    verdicts: list[list[Verdict]] = []
    rows: list[Row] = []
    for report in reports:
        judged = [judge(report.person, fix) for fix in report.fixes]
        verdicts.append([verdict for verdict, _ in judged])
        rows += [
            _row(report.person, scope, fix, at)
            for fix, (verdict, scope) in zip(report.fixes, judged, strict=True)
            if fix and verdict == "accepted"
        ]
    _mark_duplicates(reports, verdicts, write_rows(rows))
    return verdicts


def forget(persons: Iterable[int], *, at: datetime) -> None:
    """Take people off every live map at once: they went off duty or withdrew. No viewer has the empty scope.

    The place itself is erased too; the row stays for a while, so that the maps learn of it. It is stamped with the
    moment of writing: maps read only a little behind the newest row, and an act may have waited longer for its locks.
    """
    written_at = max(at, now())
    gone = LatestPosition.objects.filter(person__in=list(persons))
    gone.update(scope="", received_at=written_at, lon=0.0, lat=0.0)


def forget_scope(scope: str, *, at: datetime) -> None:
    """Take the people of a scope off every live map: they return where they belong now, with their next reports."""
    forget(LatestPosition.objects.filter(within(scope, "scope")).values_list("person", flat=True), at=at)


def _mark_duplicates(reports: Sequence[Report], verdicts: list[list[Verdict]], here: set[Key]) -> None:
    """Mark duplicates: of the storable fixes with one key, only the first one became a row, and only if it was new."""
    seen = set(here)
    for report, judged in zip(reports, verdicts, strict=True):
        for index, fix in enumerate(report.fixes):
            if fix is None:
                continue
            key = (report.person, fix.at)
            if judged[index] == "accepted" and key in seen:
                judged[index] = "duplicate"
            seen.add(key)


def _row(person: int, scope: str, fix: FixIn, at: datetime) -> Row:
    place = (fix.lon, fix.lat) if fix.datum == "wgs84" else to_wgs84(fix.lon, fix.lat, fix.datum)
    return Row(person, fix.at, at, *place, fix.acc_m, fix.battery, fix.speed_mps, scope)


class Store(Protocol):
    """Stores reports and returns the verdicts."""

    def __call__(self, reports: Sequence[Report], *, at: datetime) -> list[Outcome]: ...


Waiting = dict[tuple[Connection, int], Positions]
"""Frames by their socket and number: a repetition of a waiting frame is not queued twice."""


class PositionBuffer:
    """Collects the position frames of a process's sockets, stores them in batches, and acknowledges each.

    One batch is stored at a time while the next one collects. While the database is away a batch waits here and is
    retried, so that its phones need not repeat it. They repeat it if the process dies.
    """

    def __init__(self, store: Store = store_and_pace) -> None:
        self._store_reports = store
        self._waiting: Waiting = {}
        self._fixes = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, connection: Connection, frame: Positions) -> None:
        """Take one frame. If the database lags too far the frame is dropped: the phone's queue still has it."""
        if self._fixes + len(frame.fixes) > MAX_WAITING:
            return
        self._fixes += len(frame.fixes) - self._size_of((connection, frame.n))
        self._waiting[connection, frame.n] = frame
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush())

    def _size_of(self, key: tuple[Connection, int]) -> int:
        frame = self._waiting.get(key)
        return len(frame.fixes) if frame else 0

    async def _flush(self) -> None:
        pause = FLUSH_S
        while self._waiting:
            await asyncio.sleep(pause)
            began = time.monotonic()
            stored = await self._store(self._take())
            full = self._fixes >= BATCH
            rest = 0.0 if full else max(0.0, began + FLUSH_S - time.monotonic())
            pause = rest if stored else AGAIN_S

    def _take(self) -> Waiting:
        batch: Waiting = {}
        size = 0
        for key, frame in self._waiting.items():
            if batch and size + len(frame.fixes) > BATCH:
                break
            batch[key] = frame
            size += len(frame.fixes)
        for key in batch:
            del self._waiting[key]
        self._fixes -= size
        return batch

    async def _store(self, batch: Waiting) -> bool:
        """Store a batch and acknowledge it; False when the database is away: the batch then waits at the front."""
        reports = [Report(sender.principal.person, frame.fixes) for (sender, _), frame in batch.items()]
        try:
            outcomes = await in_thread(self._store_reports, reports, at=now())
        except (OperationalError, InterfaceError):
            logger.exception("the database takes no positions; %d frames wait for it", len(batch))
            self._waiting = batch | self._waiting
            self._fixes = sum(len(frame.fixes) for frame in self._waiting.values())
            return False
        except Exception:
            logger.exception("positions could not be stored; the phones will send them again")
            return True
        for ((sender, _), frame), outcome in zip(batch.items(), outcomes, strict=True):
            _confirm(sender, frame, outcome)
        return True


def _confirm(sender: Connection, frame: Positions, outcome: Outcome) -> None:
    """Send a phone the verdict of each fix in its frame."""
    refused = sum(verdict not in TAKEN for verdict in outcome.verdicts)
    metrics.positions.labels("refused").inc(refused)
    metrics.positions.labels("taken").inc(len(outcome.verdicts) - refused)
    stored = Stored(
        positions=frame.n,
        refused=refused,
        results=outcome.verdicts,
        every_s=outcome.every_s,
        errors=list(frame.errors) or None,
    )
    sender.push_text(stored.model_dump_json(exclude_none=True))


positions = PositionBuffer()
