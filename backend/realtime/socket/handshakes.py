"""Takes the hellos that come at the same moment together: after an outage thousands of phones come back at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.lib.errors import Refusal
from backend.realtime import metrics, services
from backend.realtime.registry import Credentials
from backend.realtime.services import Opening, Reached
from backend.realtime.sync import in_thread

TOGETHER = 200
"""Hellos that are answered by the same queries. More would make the first of them wait longer than they gain."""


@dataclass(slots=True)
class _Arrival:
    credentials: Credentials
    reached: Reached
    opening: "asyncio.Future[Opening]"


class Arrivals:
    """Collects hellos while those before are being read; a single one waits for nobody."""

    def __init__(self) -> None:
        self._waiting: list[_Arrival] = []
        self._task: asyncio.Task[None] | None = None

    async def open(self, credentials: Credentials, reached: Reached) -> Opening:
        """Return what a socket needs to begin. Raises NotSignedIn, NotAllowed."""
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
        """Read again what could not be read together: one of them must not keep the others out."""
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
    return await in_thread(services.open_sockets, wanted, at=datetime.now(UTC))


def _settle(together: Sequence[_Arrival], results: Sequence[Opening | Refusal]) -> None:
    for arrival, result in zip(together, results, strict=True):
        outcome = result.slug if isinstance(result, Refusal) else "opened"
        metrics.hellos.labels(outcome).inc()
        if isinstance(result, Refusal):
            _fail(arrival, result)
        elif not arrival.opening.done():
            arrival.opening.set_result(result)


def _fail(arrival: _Arrival, error: Exception) -> None:
    if not arrival.opening.done():  # its socket may have gone meanwhile
        arrival.opening.set_exception(error)


arrivals = Arrivals()
