"""A program that misbehaves on its socket is told so or closed, and nobody else notices."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.faults.harness import Installation
from tests.faults.test_faults import DELIVERED_WITHIN_S

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="package"),
]

HELLO = json.dumps({"id": 1, "type": "hello", "cursors": {}})
GROWTH_KIB = 40_000


async def open_socket(installation: Installation, *, hello: bool = True) -> ClientConnection:
    assert installation.rogue is not None
    connection = await connect(
        installation.server("sockets-1").ws,
        subprotocols=[Subprotocol("muster.v1")],
        additional_headers={"Authorization": f"Bearer {await installation.rogue.token()}"},
        compression=None,
        ping_interval=None,
        proxy=None,
    )
    if hello:
        await connection.send(HELLO)
        while "reply" not in json.loads(await connection.recv()):
            pass
    return connection


async def next_reply(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            frame: dict[str, Any] = json.loads(await connection.recv())
            if "reply" in frame:
                return frame


async def close_code(connection: ClientConnection) -> int | None:
    async with asyncio.timeout(20):
        try:
            async for _ in connection:
                pass
        except ConnectionClosed:
            pass
    return connection.close_code


def memory_kib(installation: Installation) -> int:
    process = installation.server("sockets-1").process
    assert process is not None
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "/problems/malformed"),
        ("[]", "/problems/invalid"),
        ('{"type": "position", "n": 1, "fixes": {"at": 5, "lon": "x", "lat": 900}}', "/problems/invalid"),
        (
            '{"type": "position", "fixes": [{"at": "2026-01-01T00:00:00Z", "lon": 119.9, "lat": 29.4}]}',
            "/problems/invalid",
        ),
        (
            '{"id": 7, "type": "no.such.act", "key": "01890a5d-ac96-774b-bcce-b302099a8057"}',
            "/problems/unknown-type",
        ),
    ],
)
async def test_wrong_frames_are_answered_and_the_socket_stays(
    installation: Installation, text: str, problem: str
) -> None:
    connection = await open_socket(installation)

    await connection.send(text)
    answer = await next_reply(connection)
    await connection.send('{"type": "ping"}')
    async with asyncio.timeout(10):
        while json.loads(await connection.recv()).get("type") != "pong":
            pass

    assert answer["problem"]["type"] == problem
    await connection.close()


@pytest.mark.parametrize("text", ["{", '{"type": "ping"}', '{"type": "hello"}'])
async def test_socket_that_does_not_say_hello_is_closed(installation: Installation, text: str) -> None:
    connection = await open_socket(installation, hello=False)

    await connection.send(text)

    assert await close_code(connection) == 4400


async def test_huge_frames_close_the_socket_and_leave_no_trace(installation: Installation) -> None:
    await installation.connect()
    before = memory_kib(installation)
    for _ in range(10):
        connection = await open_socket(installation)
        await connection.send("x" * 2_000_000)
        assert await close_code(connection) in (4400, 1009)

    assert await installation.seconds_to_reach_all() < DELIVERED_WITHIN_S
    assert memory_kib(installation) - before < GROWTH_KIB


async def test_flood_of_frames_is_closed_while_others_notice_nothing(installation: Installation) -> None:
    await installation.connect()
    before = memory_kib(installation)

    async def flood() -> int | None:
        connection = await open_socket(installation)
        try:
            for _ in range(20_000):
                await connection.send('{"type": "ping"}')
        except ConnectionClosed:
            pass
        return await close_code(connection)

    floods = [asyncio.ensure_future(flood()) for _ in range(5)]
    took = await installation.seconds_to_reach_all()

    assert await asyncio.gather(*floods) == [4290] * 5
    assert took < DELIVERED_WITHIN_S
    assert memory_kib(installation) - before < GROWTH_KIB
    assert await installation.settle() == []
