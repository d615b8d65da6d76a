"""How each fault of a schedule is done, and put right again."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable

from simulator.schedule import Fault
from tests.faults.ground import Ground

Strike = Callable[[Ground, Fault], Awaitable[None]]


async def play(ground: Ground, faults: Iterable[Fault]) -> None:
    """Let everything go wrong that is listed; returns when all of it is put right."""
    strikes = [asyncio.ensure_future(_strike(ground, fault)) for fault in faults]
    try:
        await asyncio.gather(*strikes)
    finally:
        for strike in strikes:
            strike.cancel()
        await asyncio.gather(*strikes, return_exceptions=True)
        await ground.mend()


async def _strike(ground: Ground, fault: Fault) -> None:
    await asyncio.sleep(fault.at)
    async with ground.held[fault.target]:
        await STRIKES[fault.kind](ground, fault)


async def _kill(ground: Ground, fault: Fault) -> None:
    server = ground.server(fault.target)
    server.kill()
    await asyncio.sleep(fault.for_s)
    server.start()
    if server.port:
        await asyncio.to_thread(server.wait_until_healthy)


async def _freeze(ground: Ground, fault: Fault) -> None:
    process = ground.server(fault.target).process
    assert process is not None
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(fault.for_s)
    finally:
        os.killpg(process.pid, signal.SIGCONT)


async def _stop(ground: Ground, fault: Fault) -> None:
    assert ground.redis is not None
    ground.redis.server.kill()
    await asyncio.sleep(fault.for_s)
    await asyncio.to_thread(ground.redis.start)


async def _restart(ground: Ground, fault: Fault) -> None:
    if fault.target == "redis":
        await _stop(ground, fault)
        return
    assert ground.postgres is not None
    await asyncio.to_thread(ground.postgres.stop, fault.mode)
    await asyncio.to_thread(ground.postgres.start)


async def _flush(ground: Ground, fault: Fault) -> None:
    assert ground.redis is not None
    await asyncio.to_thread(ground.redis.flush)


async def _drop(ground: Ground, fault: Fault) -> None:
    dice = random.Random(f"drop {fault.at}")
    for phone in dice.sample(ground.phones, round(fault.share * len(ground.phones))):
        phone.drop()


STRIKES: dict[str, Strike] = {
    "kill": _kill,
    "freeze": _freeze,
    "stop": _stop,
    "restart": _restart,
    "flush": _flush,
    "drop": _drop,
}
