"""Batches the hellos of one moment: after an outage thousands of phones reconnect at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from backend.lib.clock import now
from backend.lib.errors import Refusal
from backend.realtime import metrics, services
from backend.realtime.registry import Credentials
from backend.realtime.services import Opening, Reached
from backend.realtime.sync import in_thread

TOGETHER = 200
"""Hellos in one batch of queries. With more of them the first would wait longer than all gain."""


@dataclass(slots=True)
class _Arrival:
    credentials: Credentials
    reached: Reached
    opening: "asyncio.Future[Opening]"


class Arrivals:
    """Collects hellos while earlier ones are read; a single hello does not wait."""

    def __init__(self) -> None:
        self._waiting: list[_Arrival] = []
        self._task: asyncio.Task[None] | None = None

    async def open(self, credentials: Credentials, reached: Reached) -> Opening:
        """Return the opening of a socket. Raises NotSignedIn, NotAllowed."""
        loop = asyncio.get_running_loop()
        arrival = _Arrival(credentials, reached, loop.create_future())
        self._waiting.append(arrival)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        opening = await arrival.opening
        return await in_thread(services.with_snapshots, opening) if opening.afresh else opening

    async def _run(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            try:
                results = await _read(together)
            except Exception as error:
                await self._one_by_one(together, error)
            else:
                _settle(together, results)

    async def _one_by_one(self, together: Sequence[_Arrival], error: Exception) -> None:
        """Read a failed batch again one by one: one hello must not keep the others out."""
        if len(together) == 1:
            _fail(together[0], error)
            return
        for arrival in together:
            try:
                _settle([arrival], await _read([arrival]))
            except Exception as own:
                _fail(arrival, own)


async def _read(together: Sequence[_Arrival]) -> list[Opening | Refusal]:
    wanted = [(arrival.credentials, arrival.reached) for arrival in together]
    metrics.replay_reads.inc()
    return await in_thread(services.open_sockets, wanted, at=now())


def _settle(together: Sequence[_Arrival], results: Sequence[Opening | Refusal]) -> None:
    for arrival, result in zip(together, results, strict=True):
        outcome = result.slug if isinstance(result, Refusal) else "opened"
        metrics.hellos.labels(outcome).inc()
        if isinstance(result, Refusal):
            _fail(arrival, result)
        elif not arrival.opening.done():
            arrival.opening.set_result(result)


def _fail(arrival: _Arrival, error: Exception) -> None:
    if not arrival.opening.done():  # its socket may have closed meanwhile
        arrival.opening.set_exception(error)


arrivals = Arrivals()
