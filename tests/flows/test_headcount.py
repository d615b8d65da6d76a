"""Two hundred people accept at once, by REST and by socket: exactly as many places as there are get taken."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from simulator.habits import Habits
from simulator.phone import Phone
from simulator.rest import Unreachable
from simulator.throwaway import PrivateRedis, has_postgres, has_redis_server, postgres_database
from tests.faults import harness
from tests.faults.harness import Installation, task_body

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(150),
    pytest.mark.skipif(not has_postgres(), reason="needs PostgreSQL"),
    pytest.mark.skipif(not has_redis_server(), reason="needs redis-server"),
]

PEOPLE, PLACES = 200, 40


async def answer(phone: Phone, by_rest: bool, task: str, body: dict[str, Any]) -> str:
    """Answer through one of the two doors; returns the status."""
    if not by_rest:
        return await phone._command("assignment.answer", uuid7(), {"task": task, **body})
    while True:
        try:
            reply = await phone.account.call("POST", f"/api/v1/tasks/{task}/answer", body)
        except Unreachable:
            await asyncio.sleep(0.2)
        else:
            return str(reply["status"])


async def call_out(installation: Installation) -> str:
    """Call everyone out for as many places as there are; returns the task."""
    assert installation.commander is not None
    task = str(uuid7())
    body = task_body(task, datetime.now(UTC)) | {"headcount": PLACES}
    await installation.commander.call("POST", "/api/v1/tasks", body)
    sent = {"id": str(uuid7()), "units": [harness.UNIT]}
    reply = await installation.commander.call("POST", f"/api/v1/tasks/{task}/call-outs", sent)
    assert reply["offered"] >= PEOPLE
    return task


async def test_two_hundred_accepts_at_once_take_exactly_forty_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "PHONES", PEOPLE + 1)
    monkeypatch.setattr(harness, "HABITS", Habits(accept=0, decline=0, think_s=(60, 61), positions=False))
    with postgres_database("headcount") as database:
        redis = PrivateRedis.make()
        redis.start()
        installation = await asyncio.to_thread(Installation.start, database, redis, tmp_path / "server.log")
        try:
            await installation.connect()
            task = await call_out(installation)
            phones = installation.fleet.phones[:PEOPLE]
            accept = {"answer": "accept", "eta_min": 10}
            given = await asyncio.gather(
                *(answer(phone, index % 2 == 0, task, accept) for index, phone in enumerate(phones))
            )
            assert Counter(given) == {"accepted": PLACES, "reserve": PEOPLE - PLACES}

            gave_back = [phone for phone, status in zip(phones, given, strict=True) if status == "accepted"][
                :10
            ]
            decline = {"answer": "decline", "reason": "ill"}
            await asyncio.gather(
                *(answer(phone, index % 2 == 1, task, decline) for index, phone in enumerate(gave_back))
            )
            assert installation.commander is not None
            detail = await installation.commander.call("GET", f"/api/v1/tasks/{task}")
            progress = detail["progress"]
            assert (progress["accepted"], progress["reserve"], progress["declined"]) == (PLACES, 150, 10)
        finally:
            await installation.close()
            redis.close()
