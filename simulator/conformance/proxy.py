"""The address that the app is pointed at: passes everything on to the real server, but what a trial takes."""

import asyncio
import json
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from simulator.conformance.disguise import Disguise
from simulator.conformance.http import (
    BREAK,
    HOLD,
    LONGEST_HEAD,
    Answer,
    Request,
    exchange,
    read_request,
    written,
)
from simulator.conformance.sockets import Socket
from simulator.conformance.trace import Answered, Asked, Frame, Trace

HANDSHAKE = {
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
}
BY_HAND = {*HANDSHAKE, "host", "connection", "upgrade", "accept-encoding"}
BAD_GATEWAY = Answer(502, {"content-type": "text/plain"}, b"The server does not answer.")


@dataclass
class Mischief:
    """What is done to a phone at this moment. A hook that returns None lets a thing pass as it is."""

    request: Callable[[Asked], Answer | None] = lambda _: None
    """Before the server is asked, for sockets too: the answer of something that stands between."""
    answer: Callable[[Asked, Answer], Answer | None] = lambda *_: None
    """When the server has done it: what the phone is told in place of its answer."""
    up: Callable[[Socket, Frame], Sequence[Frame] | None] = lambda *_: None
    down: Callable[[Socket, Frame], Sequence[Frame] | None] = lambda *_: None


@dataclass(frozen=True, slots=True)
class Reply:
    """How a request ends: with what is `given`, in place of the server's own answer when the kit wants so."""

    asked: Asked
    given: Answer
    ours: bool = False
    real: Answer | None = None

    def seen(self) -> Answered:
        """Return it as a part of the trace; of a lost answer it holds what was lost."""
        reached = self.given not in (BREAK, HOLD)
        told = self.given if reached or self.real is None else self.real
        return Answered(asked=self.asked, status=told.status, body=told.json, reached=reached, ours=self.ours)


@dataclass
class Proxy:
    """A port for one phone. `server` is where the real doors are, such as `http://127.0.0.1:8000`."""

    server: str
    disguise: Disguise = field(default_factory=Disguise)
    trace: Trace = field(default_factory=Trace)
    mischief: Mischief = field(default_factory=Mischief)
    sockets: list[Socket] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self, host: str, port: int, secure: ssl.SSLContext | None = None) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LONGEST_HEAD, ssl=secure)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await asyncio.sleep(0)  # what was broken off is gone a moment later

    @property
    def open_sockets(self) -> list[Socket]:
        """Return those that the phone holds now."""
        return [socket for socket in self.sockets if socket.is_open]

    def close_all(self, code: int) -> None:
        """Close every socket of the phone with a code; 1006 breaks the lines."""
        for socket in self.open_sockets:
            socket.close(code)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            await self._take(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the phone has gone, or this is no HTTP, or all is over
        finally:
            self._lines.discard(line)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        asked = request.asked
        self.trace.add(asked)
        if (instead := self.mischief.request(asked)) is not None:
            await self._end(Reply(asked, instead, ours=True), reader, writer)
        elif asked.opens:
            await self._open(request, reader, writer)
        else:
            answer = self._disguised(await self._exchange(request))
            instead = self.mischief.answer(asked, answer)
            reply = Reply(asked, answer if instead is None else instead, instead is not None, answer)
            await self._end(reply, reader, writer)

    async def _exchange(self, request: Request) -> Answer:
        asked = request.asked
        headers = {name: self.disguise.up(value) for name, value in asked.headers.items()}
        body = request.body
        if "json" in headers.get("content-type", "") and "content-encoding" not in headers:
            body = self.disguise.up(body.decode(errors="replace")).encode()
        told = Asked(method=asked.method, target=asked.target, headers=headers)
        try:
            return await exchange(self.server, Request(told, b"", body))
        except (OSError, EOFError, ValueError):
            return BAD_GATEWAY

    def _disguised(self, answer: Answer) -> Answer:
        headers = dict(answer.headers)
        if "muster-epoch" in headers:
            headers["muster-epoch"] = self.disguise.epoch(headers["muster-epoch"])
        if "json" not in headers.get("content-type", "") or answer.json is None:
            return Answer(answer.status, headers, answer.body)
        return Answer(answer.status, headers, json.dumps(self.disguise.down(answer.json)).encode())

    async def _end(self, reply: "Reply", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer, or do not."""
        self.trace.add(reply.seen())
        if reply.given == BREAK:
            writer.transport.abort()
        elif reply.given == HOLD:
            await reader.read()  # until the phone has had enough of it
        else:
            writer.write(written(reply.given))
            await writer.drain()

    async def _open(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Open a socket to the server as the phone asks for one, and join the two."""
        try:
            server = await self._connect(request.asked)
        except InvalidStatus as refused:
            response = refused.response
            headers = {name.lower(): value for name, value in response.headers.raw_items()}
            answer = Answer(response.status_code, headers, bytes(response.body or b""))
            await self._end(Reply(request.asked, answer), reader, writer)
        except (OSError, EOFError, TimeoutError, InvalidHandshake):
            await self._end(Reply(request.asked, BAD_GATEWAY), reader, writer)
        else:
            socket = Socket(self, len(self.sockets) + 1, reader, writer, server)
            self.sockets.append(socket)
            await socket.run(request)

    async def _connect(self, asked: Asked) -> ClientConnection:
        offered = [name.strip() for name in asked.headers.get("sec-websocket-protocol", "").split(",")]
        headers = {name: value for name, value in asked.headers.items() if name not in BY_HAND}
        return await connect(
            self.server.replace("http", "ws", 1) + asked.target,
            subprotocols=[Subprotocol(name) for name in offered if name] or None,
            additional_headers=headers,
            user_agent_header=None,
            compression=None,
            max_size=None,
            ping_interval=None,
            close_timeout=2,
            proxy=None,
        )
