"""Positions: accepted only from those who may be tracked, stored in batches, acknowledged after storing."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from backend.lib.datum import to_wgs84
from backend.realtime.connection import Connection
from backend.realtime.frames import FixIn, PositionFrame, Stored
from backend.realtime.models import Fix, LatestPosition
from backend.realtime.registry import Tracked, registry
from backend.realtime.threads import in_thread

logger = logging.getLogger(__name__)

FLUSH_S = 0.25
MAX_WAITING = 20_000
"""Frames that may wait for the database in one process; the queue of a phone whose frame is not taken still has it."""
DRIFT = timedelta(minutes=2)
"""How far a phone's clock may be off at either end of the time in which its fixes are taken."""
_PORTION = 1_000

_UPSERT = """
    INSERT INTO realtime_latestposition (person, scope, at, received_at, lon, lat, accuracy_m, battery) VALUES {rows}
    ON CONFLICT (person) DO UPDATE SET scope = excluded.scope, at = excluded.at, received_at = excluded.received_at,
        lon = excluded.lon, lat = excluded.lat, accuracy_m = excluded.accuracy_m, battery = excluded.battery
    WHERE excluded.at >= realtime_latestposition.at OR realtime_latestposition.scope = ''
"""


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
    rows = [
        _row(report.person, fix, at)
        for report, flags in zip(reports, taken, strict=True)
        for fix, flag in zip(report.fixes, flags, strict=True)
        if flag
    ]
    with transaction.atomic():
        Fix.objects.bulk_create(rows, batch_size=_PORTION, ignore_conflicts=True)
        _store_latest(rows, tracked)
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


def _row(person: int, fix: FixIn, at: datetime) -> Fix:
    lon, lat = to_wgs84(fix.lon, fix.lat, fix.datum)
    return Fix(
        person=person, at=fix.at, received_at=at, lon=lon, lat=lat, accuracy_m=fix.acc_m, battery=fix.battery
    )  # fmt: skip


def _store_latest(rows: Sequence[Fix], tracked: dict[int, Tracked]) -> None:
    newest: dict[int, Fix] = {}
    for row in rows:
        if row.person not in newest or row.at >= newest[row.person].at:
            newest[row.person] = row
    stamp = connection.ops.adapt_datetimefield_value
    values = [
        (
            f.person,
            tracked[f.person].scope,
            stamp(f.at),
            stamp(f.received_at),
            f.lon,
            f.lat,
            f.accuracy_m,
            f.battery,
        )
        for _, f in sorted(newest.items())
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(values), _PORTION):
            portion = values[start : start + _PORTION]
            sql = _UPSERT.format(rows=", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(portion)))
            cursor.execute(sql, [value for row in portion for value in row])


class PositionBuffer:
    """Collects position frames of a process's sockets, stores them together, then acknowledges each."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Connection, PositionFrame]] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, connection: Connection, frame: PositionFrame) -> None:
        """Take one frame. When the database is too far behind it is dropped: the phone's queue still has it."""
        if len(self._waiting) >= MAX_WAITING:
            return
        self._waiting.append((connection, frame))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(FLUSH_S)
            waiting, self._waiting = self._waiting, []
            reports = [Report(c.principal.person, frame.fixes) for c, frame in waiting]
            try:
                taken = await in_thread(store_reports, reports, at=datetime.now(UTC))
            except Exception:
                logger.exception("positions could not be stored; the phones will send them again")
                continue
            for (sender, frame), flags in zip(waiting, taken, strict=True):
                sender.push_text(Stored(positions=frame.n, refused=flags.count(False)).model_dump_json())


positions = PositionBuffer()
