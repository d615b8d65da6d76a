"""A leader's screen follows the tasks that it joins by name."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from simulator.account import Account
from simulator.rest import Rest
from simulator.watcher import Watcher
from tests.simulator.fake_server import FakeServer, fake_server

TASK = "task.t1"


@pytest.fixture
async def fake() -> AsyncIterator[FakeServer]:
    async with fake_server() as (running, _):
        yield running


@pytest.fixture
async def watcher(fake: FakeServer) -> AsyncIterator[Watcher]:
    account = Account(
        Rest("http://127.0.0.1:9"), "10000005", "", access="token", fresh_until=time.monotonic() + 60
    )
    watcher = Watcher(account, [fake.url], dice=random.Random(1))
    running = asyncio.create_task(watcher.run())
    async with asyncio.timeout(5):
        await watcher.connected.wait()
    yield watcher
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def progressed(seq: int) -> dict[str, Any]:
    return {"topic": TASK, "seq": seq, "type": "task.progressed", "at": "2026-11-23T00:00:00Z", "data": {}}


async def shows(watcher: Watcher, *seqs: int) -> bool:
    """Wait a few seconds for exactly these events."""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while True:
                stream = watcher.journal.streams.get(TASK)
                if stream is not None and [event.seq for event in stream.shown] == list(seqs):
                    return True
                await asyncio.sleep(0.01)
    return False


async def test_watcher_is_shown_what_follows_the_reply_at_once(fake: FakeServer, watcher: Watcher) -> None:
    watcher.watch(TASK)
    join = await fake.hear("topic.join")
    await fake.say({"reply": join["id"], "result": {"head": 3, "recovered": False, "snapshot": {}}})
    await fake.say(progressed(4))
    await fake.say(progressed(5))

    assert await shows(watcher, 4, 5)
    assert join["body"] == {"topic": TASK, "epoch": fake.epoch, "cursor": None}
    assert watcher.journal.foreign == []


async def test_watcher_joins_again_from_its_cursor_after_a_loss(fake: FakeServer, watcher: Watcher) -> None:
    watcher.watch(TASK)
    join = await fake.hear("topic.join")
    await fake.say({"reply": join["id"], "result": {"head": 3, "recovered": False, "snapshot": {}}})
    await fake.say(progressed(4))
    assert await shows(watcher, 4)

    watcher.drop()
    again = await fake.hear("topic.join")
    await fake.say({"reply": again["id"], "result": {"head": 5, "recovered": True}})
    await fake.say(progressed(5))

    assert again["body"] == {"topic": TASK, "epoch": fake.epoch, "cursor": 4}
    assert await shows(watcher, 4, 5)


async def test_watcher_tries_again_when_the_server_cannot_answer(fake: FakeServer, watcher: Watcher) -> None:
    watcher.watch(TASK)
    join = await fake.hear("topic.join")
    await fake.say({"reply": join["id"], "problem": {"status": 500, "type": "/problems/internal"}})
    again = await fake.hear("topic.join")
    await fake.say({"reply": again["id"], "result": {"head": 3, "recovered": False, "snapshot": {}}})
    await fake.say(progressed(4))

    assert await shows(watcher, 4)
