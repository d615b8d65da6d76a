"""Receipts: the watermark of each person's phones in each topic, stored in batches."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from backend.lib.clock import now
from backend.lib.dialect import on_postgresql, word
from backend.realtime.log import bus, event_log
from backend.realtime.log.event_log import Heads
from backend.realtime.sync import in_thread

FLUSH_S = 0.5
_PORTION = 2_000

Pending = dict[tuple[str, int], tuple[int, int]]

_GREATEST = {"postgresql": "GREATEST", "sqlite": "MAX"}
_ARRAYS = "unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[]), (SELECT %s::timestamptz) AS moment"
_UPSERT = """
    INSERT INTO realtime_receipt (topic, person, delivered, seen, at)
    SELECT * FROM {rows} WHERE EXISTS (SELECT 1 FROM realtime_epoch WHERE value = %s)
    ON CONFLICT (topic, person) DO UPDATE SET
        delivered = {greatest}(realtime_receipt.delivered, excluded.delivered),
        seen = {greatest}(realtime_receipt.seen, excluded.seen),
        at = excluded.at
    WHERE realtime_receipt.delivered < excluded.delivered OR realtime_receipt.seen < excluded.seen
"""


class ReceiptBuffer:
    """Collects the receipts of a process's sockets and stores them in batches.

    A crash loses at most half a second of receipts; the cursors of the next hello are a receipt too.
    """

    def __init__(self) -> None:
        self._pending: Pending = {}
        self._beyond: set[str] = set()
        self._epoch = ""
        self._task: asyncio.Task[None] | None = None

    def add(
        self,
        person: int,
        delivered: Mapping[str, int],
        seen: Mapping[str, int],
        *,
        beyond: Iterable[str] = (),
        epoch: str,
    ) -> None:
        """Add one phone's receipt; waiting receipts of another epoch of the log are void.

        It says of the topics `beyond` more than this process has heard: the phone may have read it over REST.
        """
        if epoch != self._epoch:
            self._pending, self._beyond, self._epoch = {}, set(), epoch
        self._beyond.update(beyond)
        for key, (now_delivered, now_seen) in pending_of(person, delivered, seen).items():
            before = self._pending.get(key, (0, 0))
            self._pending[key] = (max(before[0], now_delivered), max(before[1], now_seen))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        while self._pending:
            await asyncio.sleep(FLUSH_S)
            pending, self._pending, epoch = self._pending, {}, self._epoch
            beyond, self._beyond = self._beyond, set()
            try:
                await in_thread(store, pending, beyond=beyond, epoch=epoch, at=now())
            except Exception:
                if epoch != self._epoch:
                    continue
                self._beyond |= beyond
                for key, value in pending.items():  # the database is away: keep them for the next attempt
                    self._pending.setdefault(key, value)
                await asyncio.sleep(1)


def store(pending: Pending, *, beyond: Collection[str] = (), epoch: str, at: datetime) -> None:
    """Upsert receipts, unless the log has a new epoch since; a cursor never goes back.

    In the topics `beyond` they are cut at the heads that the log has by now.
    """
    if beyond:
        pending = _cut(pending, dict.fromkeys(beyond, (0, 0)) | event_log.heads(beyond))
    if not pending:
        return
    rows = [(topic, person, d, s) for (topic, person), (d, s) in sorted(pending.items())]
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, len(rows), _PORTION):
            source, parameters = _source(rows[start : start + _PORTION], at)
            sql = _UPSERT.format(rows=source, greatest=word(_GREATEST))
            cursor.execute(sql, [*parameters, epoch])
        transaction.on_commit(lambda: bus.announce_received({topic for topic, _ in pending}))


def _cut(pending: Pending, heads: Heads) -> Pending:
    """Return receipts cut at those heads of their topics that are given, and none that says nothing."""
    found: Pending = {}
    for (topic, person), (delivered, seen) in pending.items():
        head = heads[topic][0] if topic in heads else delivered
        if head:
            found[topic, person] = min(delivered, head), min(seen, head)
    return found


def _source(rows: Sequence[tuple[str, int, int, int]], at: datetime) -> tuple[str, list[Any]]:
    """Return the rows as SQL and its parameters: four arrays on PostgreSQL, which bind much faster."""
    stamp = connection.ops.adapt_datetimefield_value(at)
    if on_postgresql():
        return _ARRAYS, [*map(list, zip(*rows, strict=True)), stamp]
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    return f"(VALUES {values})", [value for row in rows for value in (*row, stamp)]


def pending_of(person: int, delivered: Mapping[str, int], seen: Mapping[str, int]) -> Pending:
    """Return one person's receipt as a batch, for the REST view."""
    topics = delivered.keys() | seen.keys()
    return {(t, person): (max(delivered.get(t, 0), seen.get(t, 0)), seen.get(t, 0)) for t in topics}


receipts = ReceiptBuffer()
