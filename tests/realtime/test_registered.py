"""What rooms above register for sockets: frames, commands that change the socket, and its end."""

import copy
from collections.abc import Iterator
from typing import Literal

import pydantic
import pytest

from backend.accounts.models import User
from backend.lib.errors import NotAllowed
from backend.lib.shapes import Request, Shape
from backend.realtime.connection import Connection
from backend.realtime.docs.asyncapi import document
from backend.realtime.frames import known_frames
from backend.realtime.registry import frame, on_close, registry, sends, socket_command
from tests.realtime.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


class Knock(pydantic.BaseModel):
    """Knocks."""

    type: Literal["knock"] = "knock"
    times: int


class Knocked(Shape):
    """A phone knocked."""

    type: Literal["knocked"] = "knocked"
    times: int


class Rung(Shape):
    """The bell rang."""

    type: Literal["rung"] = "rung"


class Ring(Request):
    """Rings so often."""

    times: int


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Register a frame, a command and what hears of the end, for one test; those of the product stay."""
    for name in ("frames", "socket_commands", "closed", "sent"):
        monkeypatch.setattr(registry, name, copy.copy(getattr(registry, name)))
    known_frames.cache_clear()
    ended: list[int] = []

    def salvage(_text: str, error: pydantic.ValidationError) -> Knock | None:
        return Knock(times=0) if error.errors()[0]["type"] == "int_type" else None

    @frame(Knock, answer=Knocked, salvage=salvage)
    def knock(connection: Connection, given: Knock) -> None:
        connection.push_text(Knocked(times=given.times).model_dump_json())

    @socket_command("bell.ring", body=Ring, result=Rung)
    async def ring(connection: Connection, body: Ring) -> Rung:
        """Ring the bell."""
        if body.times > 3:
            raise NotAllowed
        return Rung()

    @on_close
    def leave(connection: Connection) -> None:
        ended.append(connection.principal.person)

    sends(Rung)
    yield ended
    known_frames.cache_clear()


async def test_a_registered_frame_is_taken_by_what_registered_it(
    connect: Connect, volunteer: User, gone: list[int]
) -> None:
    socket = await connect(volunteer)
    await socket.send({"type": "knock", "times": 2})
    assert await socket.receive() == {"type": "knocked", "times": 2}


async def test_a_registered_frame_is_salvaged_or_refused_with_what_is_wrong(
    connect: Connect, volunteer: User, gone: list[int]
) -> None:
    socket = await connect(volunteer)
    await socket.send({"type": "knock", "times": "often"})
    assert await socket.receive() == {"type": "knocked", "times": 0}
    await socket.send({"type": "knock", "id": 5})
    refused = await socket.receive()
    assert (refused["reply"], refused["problem"]["errors"][0]["pointer"]) == (5, "/times")


async def test_a_command_of_the_socket_needs_no_key_and_its_refusal_is_told(
    connect: Connect, volunteer: User, gone: list[int]
) -> None:
    socket = await connect(volunteer)
    await socket.send({"id": 7, "type": "bell.ring", "body": {"times": 1}})
    assert await socket.receive() == {"reply": 7, "result": {"type": "rung"}}
    assert (await socket.command("bell.ring", {"times": 4}))["problem"]["type"] == "/problems/not-allowed"
    assert (await socket.command("bell.ring"))["problem"]["errors"][0]["pointer"] == "/body/times"


async def test_the_end_of_a_socket_is_told(connect: Connect, volunteer: User, gone: list[int]) -> None:
    socket = await connect(volunteer)
    assert gone == []
    await socket.communicator.disconnect()
    assert gone == [volunteer.volunteer.number]


def test_what_is_registered_stands_in_the_document(gone: list[int]) -> None:
    described = document()
    named = described["operations"]
    sent_by = {
        who: {message["$ref"].rpartition("/")[2] for message in named[who]["messages"]} for who in named
    }
    assert {"knock", "bell.ring", "position"} <= sent_by["phoneSends"]
    assert {"knocked", "bell.ring.reply", "rung", "stored"} <= sent_by["serverSends"]
    assert "key" not in described["components"]["messages"]["bell.ring"]["payload"]["properties"]
