"""A request on a real connection: what is answered late, slowly, to a peer that does not read or does not stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from backend.realtime.server import exchange
from backend.realtime.server.http import HttpProtocol

MANY = 30_000_000
"""Bytes that fit into no buffer of the kernel."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer by the path: /many, /early without reading the body, or its length."""
    taken = 0
    while scope["path"] != "/early":
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    size = MANY if scope["path"] == "/many" else 0
    body = b"%d" % taken
    length = str(size or len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for _ in range(size // 100_000):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if size else body})


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, ServerState]]:
    """Serve on a port of its own, with time limits that a test can wait for."""
    monkeypatch.setattr(exchange, "LOOK_S", 0.05)
    monkeypatch.setattr(exchange, "BODY_GRACE_S", 0.5)
    monkeypatch.setattr(exchange, "READ_WITHIN_S", 0.5)
    monkeypatch.setattr(exchange, "LINGER_S", 0.5)
    config = Config(app, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: HttpProtocol(config, state, {}), "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1], state
    listening.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(port: int, sent: bytes) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def send_parts(writer: asyncio.StreamWriter, parts: int) -> None:
    for _ in range(parts):
        writer.write(b"x" * 100_000)
        await writer.drain()


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


async def is_gone(state: ServerState, within_s: float) -> bool:
    """Tell whether the server has no connection left, in that time."""
    for _ in range(int(within_s / 0.05)):
        if not state.connections:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_peer_that_does_not_read_its_answer_is_given_up(server: tuple[int, ServerState]) -> None:
    port, state = server
    async with opened(port, request("/many")):
        await asyncio.sleep(0.2)

        assert len(state.connections) == 1
        assert await is_gone(state, 3)


async def test_a_peer_that_pipelines_and_does_not_read_is_given_up(server: tuple[int, ServerState]) -> None:
    port, state = server
    async with opened(port, request("/many") * 100):
        await asyncio.sleep(0.2)

        assert await is_gone(state, 5)


async def test_a_peer_that_reads_slowly_but_steadily_gets_all_of_it(server: tuple[int, ServerState]) -> None:
    async with opened(server[0], request("/many")) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")

        got = 0
        for _ in range(30):  # thrice as long as a peer may read nothing
            got += len(await reader.readexactly(MANY // 30))
            await asyncio.sleep(0.05)

    assert got == MANY


async def test_a_body_that_comes_steadily_may_take_longer_than_the_grace(
    server: tuple[int, ServerState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "BODY_BYTES_PER_S", 1_000)
    async with opened(server[0], request("/", "Content-Length: 5000", method="POST")) as (reader, writer):
        for _ in range(20):
            writer.write(b"x" * 250)
            await asyncio.sleep(0.1)

        assert (await reader.readuntil(b"\r\n\r\n5000")).startswith(b"HTTP/1.1 200 ")


async def test_an_answer_before_the_body_is_seen_and_ends_the_connection(
    server: tuple[int, ServerState],
) -> None:
    port, state = server
    early = request("/early", "Content-Length: 100000000", method="POST")
    async with opened(port, early) as (reader, writer):
        with suppress(ConnectionError):
            await send_parts(writer, 5)

        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await is_gone(state, 2)


async def test_what_comes_of_an_unwanted_body_is_bounded(
    server: tuple[int, ServerState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "LINGER_S", 2.0)
    port, state = server
    early = request("/early", "Content-Length: 100000000", method="POST")
    async with opened(port, early) as (reader, writer):
        sending = asyncio.ensure_future(send_parts(writer, 1_000))
        answer = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        is_held = not sending.done()
        gone = await is_gone(state, 4)
        with pytest.raises(ConnectionError):
            await sending

    assert (answer[:12], is_held, gone) == (b"HTTP/1.1 200", True, True)


async def test_a_chunk_that_is_none_is_refused_once(server: tuple[int, ServerState]) -> None:
    chunked = request("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n"
    async with opened(server[0], chunked) as (reader, _):
        answer = await reader.read()

    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
