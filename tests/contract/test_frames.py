"""Every frame of the socket, tried by everybody: who may what, and that nobody else can.

A frame that is missing in the table below, or stands there without existing, fails the test.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from uuid6 import uuid7

from backend.accounts.services.devices import revoke_device
from backend.dispatch.models import Assignment
from backend.realtime.log import epochs
from backend.realtime.log.receipts import receipts
from backend.realtime.models import Receipt
from backend.realtime.socket.hub import hub
from backend.volunteers.models import Volunteer
from tests.contract.conftest import new_world
from tests.contract.doors import (
    SIGNED_IN,
    Fill,
    World,
    cursors_of,
    everything,
    fixes,
    frame_types,
    nothing,
    serial_number,
)
from tests.realtime.conftest import Socket

sockets = pytest.mark.django_db(transaction=True)

OK = "result"


@dataclass(frozen=True)
class Frame:
    """One thing a phone may send: what it is about, and what each caller is answered.

    An answer is OK, the status of a problem, a close code, or None for silence.
    """

    type: str
    about: str
    answers: dict[str, Any]
    others: Any = 404
    body: Fill = nothing
    frame: Fill = nothing
    """The whole frame, where it is no command."""

    def __str__(self) -> str:
        return f"{self.type} {self.about}".strip()

    def expected(self) -> dict[str, Any]:
        """Return what each caller who has signed in is answered."""
        return dict.fromkeys(SIGNED_IN, self.others) | self.answers


def _topic(read: Callable[[World], str]) -> Fill:
    return lambda world, caller: {"topic": read(world)}


def _answer(world: World, caller: str) -> dict[str, Any]:
    return {"task": str(world.task.pk), "answer": "accept", "eta_min": 5}


def _dead_token(world: World, caller: str) -> dict[str, Any]:
    return {"token": world.callers[caller].expired()}


def _map(world: World, caller: str) -> dict[str, Any]:
    return {"bbox": [119.0, 29.0, 120.5, 30.0], "zoom": 9}


def _receipt(world: World, caller: str) -> dict[str, Any]:
    cursors = cursors_of(world, caller)
    return {"type": "receipt", "epoch": epochs.current(), "delivered": cursors, "seen": cursors}


def _position(world: World, caller: str) -> dict[str, Any]:
    return {"type": "position", "n": 4, **fixes(world, caller)}


EVERYBODY = dict.fromkeys(SIGNED_IN, OK)
OF_THE_SQUADRON = {"member": OK, "volunteer": OK, "leader": OK}

FRAMES = (
    Frame("duty.set", "", EVERYBODY, body=lambda w, c: {"on": True}),
    Frame("assignment.answer", "", {"volunteer": OK}, body=_answer),
    Frame("topic.join", "a task", {"leader": OK}, body=_topic(lambda w: w.task.topic)),
    Frame("topic.join", "a unit", OF_THE_SQUADRON, body=_topic(lambda w: w.formation.squadron_a.topic)),
    Frame("topic.join", "a person", {"leader": OK}, body=_topic(lambda w: f"person.{w.number('leader')}")),
    Frame("topic.join", "nothing", {}, body=_topic(lambda w: "unit.")),
    Frame("topic.join", "an unknown kind", {}, body=_topic(lambda w: "session.1")),
    Frame(
        "topic.leave",
        "",
        EVERYBODY | dict.fromkeys(OF_THE_SQUADRON, 409),
        body=_topic(lambda w: w.formation.squadron_a.topic),
    ),
    Frame(
        "session.renew",
        "by the leader's token",
        {"leader": OK},
        others=403,
        body=lambda w, c: {"token": w.callers["leader"].tokens.access},
    ),
    Frame("session.renew", "by an expired token", {}, others=4401, body=_dead_token),
    Frame(
        "session.renew",
        "by a revoked token",
        {},
        others=403,
        body=lambda w, c: {"token": w.signed_out[c].tokens.access},
    ),
    Frame("session.renew", "by garbage", {}, others=4401, body=lambda w, c: {"token": "a.b.c"}),
    Frame("map.view", "", {"leader": OK, "sibling": OK}, body=_map),
    Frame("map.leave", "", EVERYBODY, body=lambda w, c: {}),
    Frame("hello", "again", {}, others=400, frame=lambda w, c: {"type": "hello", "id": 3}),
    Frame(
        "receipt",
        "",
        {},
        others=None,
        frame=_receipt,
    ),
    Frame("position", "", EVERYBODY, frame=_position),
    Frame("ping", "", EVERYBODY, frame=lambda w, c: {"type": "ping"}),
)


class Dial(Protocol):
    """Opens a socket with a token, and says hello unless told not to."""

    async def __call__(self, token: str | None, *, hello: bool = True) -> Socket: ...


@pytest.fixture
def world(db: None) -> World:
    """Return a world that other connections see too, where the test commits."""
    return new_world()


@pytest.fixture
async def dial(world: World) -> AsyncIterator[Dial]:
    """Return the opener of sockets."""
    sockets: list[Socket] = []

    async def open_socket(token: str | None, *, hello: bool = True) -> Socket:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        socket = await Socket(headers, ["muster.v1"]).open()
        sockets.append(socket)
        if hello:
            await socket.hello()
        return socket

    yield open_socket
    for socket in sockets:
        await socket.communicator.disconnect()
    await hub.stop()
    receipts._pending.clear()
    await sync_to_async(connections.close_all)()


async def _send(socket: Socket, frame: Frame, world: World, caller: str) -> Any:
    """Send the frame, and return what it was answered in the words of the table."""
    await socket.send(await _whole(frame, world, caller))
    await socket.send({"type": "ping"})
    while True:
        answer = await socket.receive()
        if "close" in answer:
            return answer["close"]
        if "problem" in answer:
            return answer["problem"]["status"]
        if answer.get("reply") == 9 or answer.get("type") == "stored":
            return OK
        if answer.get("type") == "pong" and frame.type != "position":
            return OK if frame.type == "ping" else None


@sync_to_async
def _whole(frame: Frame, world: World, caller: str) -> dict[str, Any]:
    """Return the frame as this caller sends it."""
    whole: dict[str, Any] | None = frame.frame(world, caller)
    body = frame.body(world, caller)
    return whole or {"id": 9, "type": frame.type, "key": str(uuid7()), "body": body}


def test_the_table_of_frames_is_whole() -> None:
    table = [str(frame) for frame in FRAMES]

    assert len(table) == len(set(table))
    assert {frame.type for frame in FRAMES} == frame_types()


@sockets
@pytest.mark.parametrize("frame", FRAMES, ids=str)
async def test_a_frame_is_taken_from_the_rightful_alone(world: World, dial: Dial, frame: Frame) -> None:
    """The refused go first, and leave everything as it was."""
    expected = frame.expected()
    refused = [name for name in SIGNED_IN if expected[name] != OK]
    sockets = {name: await dial(world.callers[name].tokens.access) for name in SIGNED_IN}

    before = await sync_to_async(everything)()
    answers = {name: await _send(sockets[name], frame, world, name) for name in refused}
    after = await sync_to_async(everything)()
    for name in SIGNED_IN:
        if name not in refused:
            answers[name] = await _send(sockets[name], frame, world, name)

    assert answers == expected
    if frame.type != "receipt":
        assert after == before


@sockets
async def test_no_frame_is_taken_before_hello(world: World, dial: Dial) -> None:
    """A token that is good opens no way around hello."""
    first = [frame for frame in FRAMES if frame.type != "hello"]
    before = await sync_to_async(everything)()

    answers = {}
    for frame in first:
        socket = await dial(world.callers["leader"].tokens.access, hello=False)
        answers[str(frame)] = await _send(socket, frame, world, "leader")

    assert answers == {str(frame): 4400 for frame in first}
    assert await sync_to_async(everything)() == before


@sockets
async def test_hello_closes_on_whoever_is_not_signed_in(world: World, dial: Dial) -> None:
    leader = world.callers["leader"]
    tokens = {
        "nobody": None,
        "garbage": "a.b.c",
        "refresh token": leader.tokens.refresh,
        "expired": await sync_to_async(leader.expired)(),
        "revoked": world.signed_out["leader"].tokens.access,
    }
    before = await sync_to_async(everything)()

    closed = {name: await (await dial(token, hello=False)).hello() for name, token in tokens.items()}

    assert closed == {name: {"close": 4403 if name == "revoked" else 4401} for name in tokens}
    assert await sync_to_async(everything)() == before


@sockets
async def test_nothing_is_taken_after_the_token_has_expired(world: World, dial: Dial) -> None:
    """A socket is no longer good than the token it was opened with."""
    before = await sync_to_async(everything)()

    answers = {}
    for frame in FRAMES:
        socket = await dial(world.callers["leader"].tokens.access)
        _expire()
        answers[str(frame)] = await _send(socket, frame, world, "leader")

    assert answers == {str(frame): 4401 for frame in FRAMES}
    assert await sync_to_async(everything)() == before


@sockets
async def test_nothing_is_taken_after_the_device_was_signed_out(world: World, dial: Dial) -> None:
    """What the phone sent before it learned of the close does not count any more."""
    caller = world.callers["volunteer"]
    socket = await dial(caller.tokens.access)
    revoke = sync_to_async(revoke_device)
    await revoke(device_id=caller.device, by=caller.user, at=datetime.now(UTC))
    while "close" not in (closed := await socket.receive()):
        pass  # the end of duty may come first
    before = await sync_to_async(everything)()

    for frame in FRAMES:
        await socket.send(await _whole(frame, world, "volunteer"))
    await asyncio.sleep(1)

    assert closed == {"close": 4403}
    assert await sync_to_async(everything)() == before


@sockets
async def test_receipts_of_a_socket_count_only_in_its_topics(world: World, dial: Dial) -> None:
    cursors = cursors_of(world, "")
    for name in SIGNED_IN:
        socket = await dial(world.callers[name].tokens.access)
        await socket.send({"type": "receipt", "epoch": hub.epoch, "delivered": cursors, "seen": cursors})
    await asyncio.sleep(0.2)

    told = {(topic, person) for topic, person in receipts._pending}
    stored = {(row.topic, row.person) async for row in Receipt.objects.all()}

    assert {topic for topic, _ in told | stored} <= {world.formation.squadron_a.topic}
    own = {serial_number(world, name) for name in ("member", "volunteer", "leader")}
    assert {person for _, person in told | stored} <= own


@sockets
async def test_losing_a_post_ends_what_it_opened(world: World, dial: Dial) -> None:
    socket = await dial(world.callers["leader"].tokens.access)
    await sync_to_async(world.callers["leader"].user.volunteer.posts.update)(until_at=world.at)

    assert await _send(socket, FRAMES[2], world, "leader") == 404


@sockets
async def test_an_answer_of_somebody_else_changes_nothing_for_the_volunteer(world: World, dial: Dial) -> None:
    """The key of a command belongs to the person: another's key brings no result of theirs."""
    key, people = uuid7(), await Volunteer.objects.acount()
    body = _answer(world, "")
    people = await Volunteer.objects.acount()
    theirs = await dial(world.callers["volunteer"].tokens.access)
    first = await theirs.command("assignment.answer", body, key)
    for name in ("stranger", "sibling", "leader"):
        socket = await dial(world.callers[name].tokens.access)
        reply = await socket.command("assignment.answer", body, key)
        assert reply["problem"]["status"] == 404

    assert first["result"]["status"] == "accepted"
    assert await Assignment.objects.acount() == 1
    assert await Volunteer.objects.acount() == people


def _expire() -> None:
    """Let the token of every open socket have run out a moment ago; the hub looks only once in a heartbeat."""
    for connection in hub.connections:
        old = datetime.now(UTC) - timedelta(seconds=1)
        connection.principal = dataclasses.replace(connection.principal, expires_at=old)
