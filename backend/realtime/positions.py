"""Positions: accepted only from those who may be tracked, stored in batches, acknowledged after storing."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.db import InterfaceError, OperationalError

from backend.lib.datum import to_wgs84
from backend.realtime.connection import Connection
from backend.realtime.frames import FixIn, PositionFrame, Stored
from backend.realtime.models import LatestPosition
from backend.realtime.registry import Tracked, registry
from backend.realtime.threads import in_thread
from backend.realtime.tracks import Row, write_rows

logger = logging.getLogger(__name__)

FLUSH_S = 0.25
AGAIN_S = 1.0
"""Pause after a batch that the database did not take."""
MAX_WAITING = 50_000
"""Fixes that may wait for the database in one process; the queue of a phone whose frame is not taken still has it."""
BATCH = 5_000
"""Fixes up to which frames are stored together: what has piled up goes in transactions of half a second at most."""
DRIFT = timedelta(minutes=2)
"""How far a phone's clock may be off at either end of the time in which its fixes are taken."""


@dataclass(frozen=True, slots=True)
class Report:
    """Fixes that one person sent together."""

    person: int
    fixes: Sequence[FixIn]


def store_reports(reports: Sequence[Report], *, at: datetime) -> list[list[bool]]:
    """Store the fixes of people who may be tracked at `at`; returns for each fix whether it was taken.

    A fix from before the duty (or the accepted task) began, or from the future, is refused and leaves no row. A fix
    that is here already counts as taken: phones send again what was not acknowledged.
    """
    tracked = _tracked({report.person for report in reports}, at)
    taken = [[_is_due(tracked.get(report.person), fix, at) for fix in report.fixes] for report in reports]
    write_rows(
        [
            _row(report.person, tracked[report.person].scope, fix, at)
            for report, flags in zip(reports, taken, strict=True)
            for fix, flag in zip(report.fixes, flags, strict=True)
            if flag
        ]
    )
    return taken


def forget(persons: Iterable[int], *, at: datetime) -> None:
    """Take people off every live map at once: they went off duty or withdrew. The empty scope is seen by nobody."""
    LatestPosition.objects.filter(person__in=list(persons)).update(scope="", received_at=at)


def _tracked(persons: Iterable[int], at: datetime) -> dict[int, Tracked]:
    """Return who may be tracked now; of several reasons the one that began first."""
    found: dict[int, Tracked] = {}
    for source in registry.tracking:
        for person, tracked in source(list(persons), at).items():
            if person not in found or tracked.since < found[person].since:
                found[person] = tracked
    return found


def _is_due(tracked: Tracked | None, fix: FixIn, at: datetime) -> bool:
    return tracked is not None and tracked.since - DRIFT <= fix.at <= at + DRIFT


def _row(person: int, scope: str, fix: FixIn, at: datetime) -> Row:
    place = (fix.lon, fix.lat) if fix.datum == "wgs84" else to_wgs84(fix.lon, fix.lat, fix.datum)
    return Row(person, fix.at, at, *place, fix.acc_m, fix.battery, fix.speed_mps, scope)


class Store(Protocol):
    """Stores reports and tells for each fix whether it was taken."""

    def __call__(self, reports: Sequence[Report], *, at: datetime) -> list[list[bool]]: ...


Waiting = dict[tuple[Connection, int], PositionFrame]
"""Frames by their socket and number: one that is sent again while it waits waits once."""


class PositionBuffer:
    """Collects position frames of a process's sockets, stores them together, then acknowledges each.

    One batch is stored at a time; meanwhile the next collects. While the database is away a batch waits here and is
    tried again, so that its phones need not send it again; they do when the process dies too.
    """

    def __init__(self, store: Store = store_reports) -> None:
        self._store_reports = store
        self._waiting: Waiting = {}
        self._fixes = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, connection: Connection, frame: PositionFrame) -> None:
        """Take one frame. When the database is too far behind it is dropped: the phone's queue still has it."""
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
        """Store a batch and acknowledge it; False when the database is away: then it waits at the front."""
        reports = [Report(sender.principal.person, frame.fixes) for (sender, _), frame in batch.items()]
        try:
            taken = await in_thread(self._store_reports, reports, at=datetime.now(UTC))
        except (OperationalError, InterfaceError):
            logger.exception("the database takes no positions; %d frames wait for it", len(batch))
            self._waiting = batch | self._waiting
            self._fixes = sum(len(frame.fixes) for frame in self._waiting.values())
            return False
        except Exception:
            logger.exception("positions could not be stored; the phones will send them again")
            return True
        for ((sender, n), _), flags in zip(batch.items(), taken, strict=True):
            sender.push_text(Stored(positions=n, refused=flags.count(False)).model_dump_json())
        return True


positions = PositionBuffer()
