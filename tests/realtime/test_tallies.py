"""Counts of a task are told to those who direct it as receipts come, at most twice a second, the last ones always."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Task
from backend.realtime.log import bus, epochs, receipts
from backend.realtime.socket import tallies
from backend.realtime.socket.hub import hub
from backend.volunteers.models import Volunteer
from tests.dispatch.conftest import ask, make_task, noon, people, wanted  # noqa: F401
from tests.realtime.conftest import Connect, Json, Socket

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_S = 20.0
"""On a machine that has other work: after a slow reading the database is left alone for up to five seconds."""


@dataclass
class Called:
    """A task that four members of a squadron were asked for, and where they hear of it."""

    task: Task
    topic: str
    people: list[Volunteer]
    commander: User

    def cancel(self) -> None:
        services.cancel_task(task_id=self.task.pk, reason="Rain", by=self.commander, at=timezone.now())

    def store(self, reached: Iterable[Volunteer], *, seq: int = 1) -> None:
        """Store receipts as a batch of another process does."""
        pending = {(self.topic, person.number): (seq, 0) for person in reached}
        receipts.store(pending, epoch=epochs.current(), at=datetime.now(UTC))


@pytest.fixture
def called(make_task: Any, ask: Any, people: list[Volunteer], commander: User) -> Called:  # noqa: F811
    task = make_task()
    ask(task)
    return Called(task, task.unit.topic, people, commander)


async def join(socket: Socket, task: Task, **cursor: Any) -> Json:
    reply = await socket.command("topic.join", {"topic": task.topic, **cursor})
    return reply["result"]  # type: ignore[no-any-return]


async def counts(socket: Socket, until: Callable[[Json], bool]) -> list[Json]:
    """Return the counts that are told until some are as awaited."""
    told: list[Json] = []
    while not told or not until(told[-1]):
        frame = socket.backlog.pop(0) if socket.backlog else await socket.receive(WITHIN_S)
        if frame.get("type") == "task.counts":
            told.append(frame["data"])
    return told


async def by_socket(connect: Connect, called: Called, person: Volunteer, **reached: int) -> None:
    socket = await connect(person.user)
    epoch = await sync_to_async(epochs.current)()
    await socket.send(
        {"type": "receipt", "epoch": epoch, **{how: {called.topic: n} for how, n in reached.items()}}
    )


@pytest.mark.parametrize("door", ["socket", "rest"])
async def test_issuers_alone_are_told_of_receipts(
    connect: Connect, called: Called, commander: User, client_of: Callable[[User], Any], door: str
) -> None:
    leader, other = await connect(commander), await connect(called.people[1].user)
    snapshot = (await join(leader, called.task))["snapshot"]
    (first,) = await counts(leader, lambda _: True)

    if door == "socket":
        await by_socket(connect, called, called.people[0], delivered=1, seen=1)
    else:
        client = await sync_to_async(client_of)(called.people[0].user)
        body = {"epoch": await sync_to_async(epochs.current)(), "seen": {called.topic: 1}}
        answer = await sync_to_async(client.post)("/api/v1/receipts", body, format="json")
        assert answer.status_code == 200
    told = await counts(leader, lambda data: data["seen"] == 1)

    assert first == snapshot["task"]["progress"]
    assert (first["delivered"], first["not_reached"]) == (0, 4)
    assert told[-1] == first | {"delivered": 1, "seen": 1, "silent": 1, "not_reached": 3}
    assert not any(frame.get("type") == "task.counts" for frame in [*other.backlog, *await rest_of(other)])


async def rest_of(socket: Socket) -> list[Json]:
    await socket.is_silent()
    return socket.backlog


async def test_a_leader_who_comes_back_with_a_cursor_is_told_how_it_stands(
    connect: Connect, called: Called, commander: User
) -> None:
    leader = await connect(commander)
    head = (await join(leader, called.task))["head"]
    await sync_to_async(called.store)(called.people[:2])
    await counts(leader, lambda data: data["delivered"] == 2)
    again = await connect(commander)

    joined = await join(again, called.task, cursor=head, epoch=hub.epoch)
    (told,) = await counts(again, lambda _: True)
    await leader.command("topic.leave", {"topic": called.task.topic})
    await join(leader, called.task, cursor=head, epoch=hub.epoch)

    assert joined["recovered"] is True
    assert told["delivered"] == 2
    assert await counts(leader, lambda _: True) == [told]


async def test_a_burst_of_receipts_is_told_at_most_twice_a_second_and_its_end_always(
    connect: Connect, called: Called, commander: User
) -> None:
    leader = await connect(commander)
    await join(leader, called.task)
    await counts(leader, lambda _: True)

    def store_one_by_one() -> None:
        for turn in range(30):
            called.store([called.people[turn % 3]], seq=1)
        called.store([called.people[3]])

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(sync_to_async(store_one_by_one, thread_sensitive=False)() for _ in range(2)))
    told = await counts(leader, lambda data: data["delivered"] == 4)
    took = asyncio.get_running_loop().time() - began

    assert len(told) <= 1 + took / tallies.TURN_S
    assert await leader.is_silent(2 * tallies.TURN_S)


async def test_after_a_cancellation_the_counts_are_of_that(
    connect: Connect, called: Called, commander: User
) -> None:
    leader = await connect(commander)
    await join(leader, called.task)
    await sync_to_async(called.store)(called.people)
    await counts(leader, lambda data: data["delivered"] == 4)

    await sync_to_async(called.cancel)()
    told = await counts(leader, lambda data: data["withdrawn"] == 4)
    await sync_to_async(called.store)(called.people[:3], seq=2)
    after = await counts(leader, lambda data: data["not_reached"] == 1)

    assert (told[-1]["delivered"], told[-1]["not_reached"]) == (0, 4)
    assert after[-1]["delivered"] == 3


async def test_receipts_that_nothing_was_said_of_are_found(
    connect: Connect, called: Called, commander: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were stored by a process whose message the bus has lost."""
    monkeypatch.setattr(tallies, "AGAIN_S", 0.5)
    leader = await connect(commander)
    await join(leader, called.task)
    await counts(leader, lambda _: True)
    monkeypatch.setattr(bus, "announce_received", lambda topics: None)

    await sync_to_async(called.store)(called.people[:2])

    assert (await counts(leader, lambda data: data["delivered"] == 2))[-1]["not_reached"] == 2


async def test_nothing_is_read_and_nothing_said_for_a_task_without_a_watcher(
    connect: Connect, called: Called, commander: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = await connect(commander)
    await join(leader, called.task)
    await counts(leader, lambda _: True)
    await leader.command("topic.leave", {"topic": called.task.topic})
    while hub.tallies._watched:
        await asyncio.sleep(0.1)
    monkeypatch.setattr(bus, "_wanted", {})  # a little later
    monkeypatch.setattr(bus, "note_wanted", lambda topics: None)
    said: list[Any] = []
    for act in ("_tell", "_sender"):
        monkeypatch.setattr(bus, act, lambda *told: said.append(told))
    monkeypatch.setattr(tallies, "read_tallies", said.append)

    await sync_to_async(called.store)(called.people)
    await asyncio.sleep(2 * tallies.TURN_S)

    assert said == []
