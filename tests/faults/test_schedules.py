"""Faults come at random moments, one upon another, while orders go out: every phone is shown its own, once, in order.

`--seeds 200` plays more schedules, `--seed 123` one again.
"""

import asyncio

import pytest

from simulator.schedule import Schedule
from tests.faults.field import Field
from tests.faults.orders import Orders
from tests.faults.strikes import play
from tests.faults.verdict import Played, settle

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="package"),
]
SEEDS = 6
NAMED = 20


async def test_schedule_of_faults_shows_everyone_everything_once(
    field: Field, seed: int, played: Played
) -> None:
    schedule = Schedule.of(seed)
    await field.begin()
    orders = Orders(field, seed)
    ordering = asyncio.ensure_future(orders.run())
    try:
        await play(field, schedule.faults)
        ordering.cancel()
        verdict = await settle(field, orders)
    finally:
        ordering.cancel()
        await orders.abandon()

    played.add(field, orders, verdict)
    if verdict.wrong:
        await field.renew()
        wrong = "\n".join(verdict.wrong[:NAMED])
        pytest.fail(
            f"{len(verdict.wrong)} violations:\n{wrong}\n{schedule}\nagain: pytest {__file__} --seed {seed}",
            pytrace=False,
        )
