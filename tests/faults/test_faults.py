"""Processes are killed and Redis lost during call-outs; every phone still gets every event once, in order."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.harness import CommitWatch, Installation, called_times

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="package"),
]

AWAY_S = 15.0
DELIVERED_WITHIN_S = 10.0
"""The design says two seconds; the rest is for a machine that runs other things at the same time."""


async def during_call_outs(
    installation: Installation, fault: Callable[[], Awaitable[None]], *, every_s: float = 1.0
) -> list[str]:
    """Call out again and again while the fault happens, and a last time after it; returns the tasks."""
    await installation.connect()
    tasks = [await installation.call_out()]
    happening = asyncio.ensure_future(fault())
    while not happening.done():
        tasks.append(await installation.call_out())
        await asyncio.wait([happening], timeout=every_s)
    happening.result()
    tasks.append(await installation.call_out())
    return tasks


async def test_killed_sockets_process_loses_nothing(installation: Installation) -> None:
    async def fault() -> None:
        installation.server("sockets-1").kill()
        await asyncio.sleep(3)
        await installation.restart("sockets-1")

    tasks = await during_call_outs(installation, fault)

    assert await installation.settle() == []
    assert [called_times(installation.database, task) for task in tasks] == [1] * len(tasks)


async def test_web_killed_right_after_commit_loses_nothing(installation: Installation) -> None:
    web = installation.server("web")
    await installation.connect()
    for _ in range(3):
        with CommitWatch(installation.database, web.kill) as watch:
            calling = asyncio.ensure_future(installation.call_out())
            await asyncio.to_thread(watch.fired.wait, 30)
        assert watch.fired.is_set()
        await asyncio.sleep(1.5)  # nobody but the hubs' look at the log can deliver it now
        await installation.restart("web")
        task = await calling

        assert called_times(installation.database, task) == 1
        assert len(installation.delays(task)) == len(installation.fleet.phones)

    assert await installation.settle() == []


async def test_flushed_redis_loses_nothing(installation: Installation) -> None:
    async def fault() -> None:
        for _ in range(3):
            await asyncio.to_thread(installation.redis.flush)
            await asyncio.sleep(0.7)

    await during_call_outs(installation, fault, every_s=0.3)

    assert await installation.settle() == []


async def test_hanging_redis_delays_delivery_by_seconds_only(installation: Installation) -> None:
    process = installation.redis.server.process
    assert process is not None

    async def fault() -> None:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(AWAY_S)
        finally:
            os.kill(process.pid, signal.SIGCONT)

    await _delivers_while_away(installation, fault)


async def test_stopped_redis_delays_delivery_by_seconds_only(installation: Installation) -> None:
    async def fault() -> None:
        installation.redis.server.kill()
        try:
            await asyncio.sleep(AWAY_S)
        finally:
            await asyncio.to_thread(installation.redis.start)

    await _delivers_while_away(installation, fault)


async def _delivers_while_away(installation: Installation, fault: Callable[[], Awaitable[None]]) -> None:
    await installation.connect()
    away = asyncio.ensure_future(fault())
    await asyncio.sleep(1)
    took = []
    while not away.done():
        took.append(await installation.seconds_to_reach_all())
        await asyncio.wait([away], timeout=3)
    away.result()
    await installation.call_out()

    assert await installation.settle() == []
    assert max(took) < DELIVERED_WITHIN_S
