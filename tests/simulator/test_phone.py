"""A simulated phone keeps the client's side of the protocol."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from uuid6 import uuid7

from simulator.account import Account
from simulator.habits import Habits
from simulator.phone import Phone
from simulator.rest import Rest
from tests.simulator.fake_server import FakeServer, fake_server

UNIT = "unit.0726000000"
QUICK = Habits(accept=1.0, decline=0.0, think_s=(0.01, 0.02), positions=False)


@pytest.fixture
async def server() -> AsyncIterator[tuple[FakeServer, str]]:
    async with fake_server() as running:
        running[0].topics = {UNIT: {"head": 41, "recovered": False, "snapshot": {}}}
        yield running


@pytest.fixture
async def phone(server: tuple[FakeServer, str]) -> AsyncIterator[Phone]:
    account = Account(
        Rest("http://127.0.0.1:9"), "10000005", "", access="token", fresh_until=time.monotonic() + 60
    )
    phone = Phone(account, [server[1]], QUICK, random.Random(1))
    running = asyncio.create_task(phone.run())
    async with asyncio.timeout(5):
        await phone.connected.wait()
    yield phone
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def called(seq: int, task: str = "t1") -> dict[str, Any]:
    data = {"call_out": "c1", "task": {"id": task}}
    return {"topic": UNIT, "seq": seq, "type": "task.called", "at": "2026-11-23T00:00:00Z", "data": data}


async def test_phone_brings_its_token_in_the_header(server: tuple[FakeServer, str], phone: Phone) -> None:
    assert server[0].authorization == "Bearer token"
    assert server[0].hellos[0]["cursors"] == {}


async def test_phone_shows_an_event_once_and_acknowledges_it(
    server: tuple[FakeServer, str], phone: Phone
) -> None:
    fake, _ = server
    await fake.say(called(42))
    await fake.say(called(42))

    receipt = await fake.hear("receipt")

    assert receipt["delivered"] == {UNIT: 42}
    assert [event.seq for event in phone.journal.streams[UNIT].shown] == [42]
    assert phone.journal.streams[UNIT].repeats == 1


async def test_phone_answers_a_call_out_with_a_key(server: tuple[FakeServer, str], phone: Phone) -> None:
    fake, _ = server
    await fake.say(called(42))

    command = await fake.hear("assignment.answer")
    async with asyncio.timeout(5):
        while "t1" not in phone.answers:
            await asyncio.sleep(0.01)

    assert command["body"]["task"] == "t1"
    assert command["body"]["answer"] == "accept"
    assert command["key"]
    assert phone.answers["t1"].outcome == "accepted"


async def test_phone_comes_back_with_its_cursors(server: tuple[FakeServer, str], phone: Phone) -> None:
    fake, _ = server
    await fake.say(called(42))
    await fake.hear("receipt")
    fake.topics = {UNIT: {"head": 43, "recovered": True}}
    assert fake.phone is not None
    await fake.phone.close(1012)
    async with asyncio.timeout(8):
        while len(fake.hellos) < 2:
            await asyncio.sleep(0.02)

    await fake.say(called(43, "t2"))
    await fake.hear("receipt")

    assert fake.hellos[1]["cursors"] == {UNIT: 42}
    assert [event.seq for event in phone.journal.streams[UNIT].shown] == [42, 43]
    assert phone.closed_with == [1012]


async def test_phone_stays_away_once_revoked(server: tuple[FakeServer, str], phone: Phone) -> None:
    fake, _ = server
    assert fake.phone is not None
    await fake.phone.close(4403)
    async with asyncio.timeout(5):
        while not phone.stopped:
            await asyncio.sleep(0.02)

    assert phone.stopped == "closed with 4403"
    assert len(fake.hellos) == 1


async def test_phone_that_is_dropped_resumes_at_once_when_told_to(
    server: tuple[FakeServer, str], phone: Phone
) -> None:
    fake, _ = server
    phone.dice = random.Random(4)
    phone.drop()
    async with asyncio.timeout(5):
        while len(fake.hellos) < 2:
            phone.retry_now()
            await asyncio.sleep(0.01)

    assert fake.hellos[1]["cursors"] == {UNIT: 41}
    assert phone.closed_with == [1006]


async def test_phone_acts_again_with_the_same_key_until_it_is_answered(
    server: tuple[FakeServer, str], phone: Phone
) -> None:
    fake, _ = server
    key = uuid7()
    acting = asyncio.create_task(phone.act("duty.set", key, {"on": True}))
    first = await fake.hear("duty.set")
    phone.drop()
    again = await fake.hear("duty.set")
    await fake.say({"reply": again["id"], "result": {"on": True}})

    assert await acting == {"on": True}
    assert first["key"] == again["key"] == str(key)
    assert phone.replies == [(str(key), {"on": True})]
