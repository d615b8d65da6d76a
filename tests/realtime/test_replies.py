"""Whatever is sent with an id is answered exactly once, by that id."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from backend.accounts.models import User
from backend.realtime.log.receipts import receipts
from backend.realtime.socket.hub import hub
from backend.realtime.sync import release_connections
from tests.realtime.conftest import Connect, Json, Socket

pytestmark = pytest.mark.django_db(transaction=True)

KEY = str(uuid7())
NOT_A_UUID = {"id": 7, "type": "duty.set", "key": "hello", "body": {"on": True}}


@pytest.mark.parametrize(
    ("frame", "problem", "pointer"),
    [
        (NOT_A_UUID, "invalid", "/key"),
        (NOT_A_UUID | {"key": 5}, "invalid", "/key"),
        (NOT_A_UUID | {"key": KEY, "body": [1]}, "invalid", "/body"),
        (NOT_A_UUID | {"key": KEY, "body": None}, "invalid", "/body"),
        (NOT_A_UUID | {"key": KEY, "body": {"on": 3}}, "invalid", "/body/on"),
        (NOT_A_UUID | {"key": KEY, "type": 5}, "invalid", "/type"),
        (NOT_A_UUID | {"key": KEY, "type": "x" * 61}, "invalid", "/type"),
        (NOT_A_UUID | {"key": KEY, "type": "no.such"}, "unknown-type", None),
        ({"id": 7}, "invalid", "/type"),
        ({"id": 7, "type": None}, "invalid", "/type"),
        ({"id": 7, "type": "hello", "cursors": {}}, "malformed", None),
        ({"id": 7, "type": "hello", "cursors": {"a": "b"}}, "invalid", "/cursors/a"),
        ({"id": 7, "type": "receipt", "epoch": "", "delivered": 3}, "invalid", "/delivered"),
        ({"id": 7, "type": "topic.join", "body": {"topic": "\0"}}, "invalid", "/body/topic"),
    ],
)
async def test_a_refusal_names_the_id(
    connect: Connect, volunteer: User, frame: Json, problem: str, pointer: str | None
) -> None:
    socket = await connect(volunteer)

    answers = await _answers(socket, json.dumps(frame))

    told = answers[0]["problem"]
    pointers = [error["pointer"] for error in told.get("errors", [])]
    assert [answer["reply"] for answer in answers] == [7]
    assert (told["type"], pointers) == (f"/problems/{problem}", [pointer] if pointer else [])


@pytest.mark.parametrize(
    "text", ["{", "[7]", "7", '{"type": "duty.set"}', '{"id": "x"}', '{"id": -1}', "[" * 9_000]
)
async def test_what_has_no_id_is_answered_without_one(connect: Connect, volunteer: User, text: str) -> None:
    socket = await connect(volunteer)

    answers = await _answers(socket, text)

    assert [answer["reply"] for answer in answers] == [None]


# --- frames that are bent somewhere -------------------------------------------------------------------------------

GOOD: list[Json] = [
    {"id": 1, "type": "duty.set", "key": KEY, "body": {"on": True, "until": "2030-01-01T00:00:00Z"}},
    {"id": 1, "type": "assignment.answer", "key": KEY, "body": {"task": KEY, "answer": "accept", "eta_min": 3}},
    {"id": 1, "type": "topic.join", "body": {"topic": "unit.0726010014", "cursor": 0}},
    {"id": 1, "type": "topic.leave", "body": {"topic": "unit.0726010014"}},
    {"id": 1, "type": "map.view", "body": {"bbox": [119.7, 29.3, 120.1, 29.6], "zoom": 10.5}},
    {"id": 1, "type": "map.leave", "body": {}},
    {"id": 1, "type": "hello", "cursors": {"unit.0726010014": 3}, "client": {"app": "a", "version": "1"}},
    {"id": 1, "type": "receipt", "epoch": "", "delivered": {"unit.0726010014": 1}, "seen": {}},
    {"id": 1, "type": "position", "n": 1, "fixes": [{"at": "2026-03-01T12:00:00Z", "lon": 1, "datum": "wgs84"}]},
]  # fmt: skip
MAY_BE_SILENT = {"receipt", "position", "ping"}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\0", "\ud800", "9999-12-31T23:59:59-14:00", "x" * 500]),
    st.uuids().map(str),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn, good: Any) -> Any:
    """Draw a good frame with something else, or nothing, or one thing more somewhere in it."""
    if isinstance(good, dict) and good and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(good)))
        match draw(st.integers(0, 4)):
            case 0:
                return {key: value for key, value in good.items() if key != name}
            case 1:
                return good | {draw(st.text(max_size=8)): draw(ANYTHING)}
            case _:
                return good | {name: draw(bent(good[name]))}
    return draw(ANYTHING)


FRAMES = st.lists(st.sampled_from(GOOD).flatmap(bent), min_size=1, max_size=12)


@given(frames=FRAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_frame_with_an_id_gets_one_reply_that_names_it(
    volunteer: User, client_of: Callable[[User], Any], frames: list[Any]
) -> None:
    token = client_of(volunteer).tokens.access

    wrong = async_to_sync(_wrongly_answered)(token, [json.dumps(frame) for frame in frames])

    assert wrong == []


async def _wrongly_answered(token: str, texts: list[str]) -> list[tuple[str, list[Any]]]:
    """Return each text that was not answered as it should be, with its replies."""
    socket = await Socket({"authorization": f"Bearer {token}"}, ["muster.v1"]).open()
    try:
        await socket.hello()
        told = [(text, [answer["reply"] for answer in await _answers(socket, text)]) for text in texts]
    finally:
        with suppress(asyncio.CancelledError):
            await socket.communicator.disconnect()
        await hub.stop()
        receipts._pending.clear()
        await release_connections()
    return [(text, replies) for text, replies in told if replies not in _expected(text)]


def _expected(text: str) -> list[list[int | None]]:
    """Return the replies that are right: by Python's own reader, which knows nothing of frames."""
    frame = json.loads(text)
    id = frame.get("id") if isinstance(frame, dict) else None
    # In JSON 7.0 is the number 7.
    readable = (isinstance(id, int) or (isinstance(id, float) and id.is_integer())) and 0 <= id < 2**53
    silent: list[list[int | None]] = [[]] if isinstance(frame, dict) and _may_be_silent(frame) else []
    return [[int(id) if readable and id is not None else None], *silent]


def _may_be_silent(frame: Json) -> bool:
    return isinstance(frame.get("type"), str) and frame["type"] in MAY_BE_SILENT


async def _answers(socket: Socket, text: str) -> list[Json]:
    """Send a frame and return its replies: everything with `reply` up to the pong of a ping that was sent behind it."""
    await socket.send(text)
    await socket.send({"type": "ping"})
    answers = []
    while (frame := await socket.receive()).get("type") != "pong":
        if "reply" in frame:
            answers.append(frame)
    return answers
