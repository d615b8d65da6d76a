"""How each fault of a schedule is done, and put right again."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable

from simulator.schedule import Fault, Schedule
from tests.faults.field import Field

Strike = Callable[[Field, Fault], Awaitable[None]]


async def play(field: Field, schedule: Schedule) -> None:
    """Let everything go wrong that the schedule lists; returns when all of it is put right."""
    strikes = [asyncio.ensure_future(_strike(field, fault)) for fault in schedule.faults]
    try:
        await asyncio.gather(*strikes)
    finally:
        for strike in strikes:
            strike.cancel()
        await asyncio.gather(*strikes, return_exceptions=True)
        await field.mend()


async def _strike(field: Field, fault: Fault) -> None:
    await asyncio.sleep(fault.at)
    async with field.held[fault.target]:
        await STRIKES[fault.kind](field, fault)


async def _kill(field: Field, fault: Fault) -> None:
    server = field.server(fault.target)
    server.kill()
    await asyncio.sleep(fault.for_s)
    server.start()
    if server.port:
        await asyncio.to_thread(server.wait_until_healthy)


async def _freeze(field: Field, fault: Fault) -> None:
    process = field.server(fault.target).process
    assert process is not None
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(fault.for_s)
    finally:
        os.killpg(process.pid, signal.SIGCONT)


async def _stop(field: Field, fault: Fault) -> None:
    field.redis.server.kill()
    await asyncio.sleep(fault.for_s)
    await asyncio.to_thread(field.redis.start)


async def _restart(field: Field, fault: Fault) -> None:
    if fault.target == "redis":
        await _stop(field, fault)
        return
    await asyncio.to_thread(field.postgres.stop, fault.mode)
    await asyncio.to_thread(field.postgres.start)


async def _flush(field: Field, fault: Fault) -> None:
    await asyncio.to_thread(field.redis.flush)


async def _drop(field: Field, fault: Fault) -> None:
    dice = random.Random(f"drop {fault.at}")
    for phone in dice.sample(field.phones, round(fault.share * len(field.phones))):
        phone.drop()


STRIKES: dict[str, Strike] = {
    "kill": _kill,
    "freeze": _freeze,
    "stop": _stop,
    "restart": _restart,
    "flush": _flush,
    "drop": _drop,
}
