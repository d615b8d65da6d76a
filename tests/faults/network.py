"""A phone's way to the servers, through which everything goes wrong that a network can do to it.

It stands where a proxy of the installation stands: sockets lead to a `sockets` process, the rest to `web`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

Address = tuple[str, int]
Weather = Literal["fair", "lose", "block", "portal", "redirect", "stall", "deaf", "mute", "slow", "gone"]

PORTAL = b"<!doctype html><title>Welcome</title><p>Welcome to the hotel. Room number, please?"
LONGEST_HEAD = 65_536
PORTION = 4_096


@dataclass(eq=False)
class Line:
    """One connection of a phone, with what it is connected to on the other side."""

    phone: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    cut_after: int | None = None
    """Bytes that still get down to the phone before the line breaks, in the middle of a frame as like as not."""

    def break_off(self) -> None:
        """End it without a goodbye, to both sides."""
        for writer in (self.phone, self.server):
            if writer is not None:
                writer.transport.abort()

    def cuts(self, data: bytes) -> bytes:
        """Return as much as still gets through."""
        if self.cut_after is None:
            return data
        through, self.cut_after = data[: self.cut_after], max(0, self.cut_after - len(data))
        return through


@dataclass
class Network:
    """A port that one phone knows the servers by. `sockets` and `web` are where they are."""

    web: Address
    sockets: Sequence[Address]
    dice: random.Random
    weather: Weather = "fair"
    blocks: bool = False
    """Whether it lets no socket through, whatever the weather."""
    port: int = 0
    _lines: set[Line] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _down: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def origin(self) -> str:
        """What the phone takes for the server."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]
        self.become("fair")

    async def close(self) -> None:
        """End everything."""
        self.become("gone")
        if self._server is not None:
            self._server.close()

    def become(self, weather: Weather) -> None:
        """Change the weather; what waited in a stall goes on, what a network cannot carry is broken off."""
        self.weather = weather
        for gate, shut in ((self._up, ("stall", "mute")), (self._down, ("stall", "deaf"))):
            gate.clear() if weather in shut else gate.set()
        if weather in ("portal", "redirect", "gone", "block"):
            self.break_off()

    def break_off(self) -> None:
        """Break every line."""
        for line in list(self._lines):
            line.break_off()

    def cut(self) -> None:
        """Let every line break within the next bytes that come down."""
        for line in self._lines:
            line.cut_after = self.dice.randint(0, 300)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(writer)
        self._lines.add(line)
        try:
            await self._take(line, reader)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            self._lines.discard(line)
            line.break_off()

    async def _take(self, line: Line, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await self._up.wait()
        is_socket = b"\r\nupgrade: websocket" in head.lower()
        if answer := self._answer_of_others(head, is_socket=is_socket):
            await self._say(line, answer)
            return
        if self.weather == "gone":
            return
        address = self.dice.choice(self.sockets) if is_socket else self.web
        from_server, line.server = await asyncio.open_connection(*address)
        if is_socket:
            line.server.write(head)
            await self._both_ways(line, reader, from_server)
        else:
            await self._exchange(line, head, reader, from_server)

    def _answer_of_others(self, head: bytes, *, is_socket: bool) -> bytes | None:
        """Return what something on the way answers in the server's place; None when it lets this through."""
        if self.weather == "portal" or head.startswith(b"GET /portal "):
            return _response("200 OK", "text/html", PORTAL)
        if self.weather == "redirect":
            return _response("302 Found", "text/html", PORTAL, location=f"{self.origin}/portal")
        if is_socket and (self.blocks or self.weather == "block"):
            status = self.dice.choice(("403 Forbidden", "502 Bad Gateway", "200 OK"))
            return _response(status, "text/html", PORTAL)
        return None

    async def _say(self, line: Line, answer: bytes) -> None:
        line.phone.write(answer)
        await line.phone.drain()
        line.phone.close()
        await line.phone.wait_closed()

    async def _exchange(
        self, line: Line, head: bytes, reader: asyncio.StreamReader, from_server: asyncio.StreamReader
    ) -> None:
        """Carry one request and its answer; the connection is not kept."""
        assert line.server is not None
        line.server.write(_not_kept(head) + await reader.readexactly(_length(head)))
        await line.server.drain()
        await self._carry(from_server, line, self._down, lambda data: self._to_phone(line, data))
        if line.cut_after != 0:
            line.phone.close()
            await line.phone.wait_closed()

    async def _both_ways(
        self, line: Line, reader: asyncio.StreamReader, from_server: asyncio.StreamReader
    ) -> None:
        assert line.server is not None
        to_server = line.server.write
        ways = [
            asyncio.ensure_future(self._carry(reader, line, self._up, to_server)),
            asyncio.ensure_future(
                self._carry(from_server, line, self._down, lambda data: self._to_phone(line, data))
            ),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        line: Line,
        gate: asyncio.Event,
        write: Callable[[bytes], None],
    ) -> None:
        """Carry bytes one way until they end or the line breaks."""
        while data := await reader.read(PORTION):
            if self.weather == "slow":
                await asyncio.sleep(self.dice.uniform(0.02, 0.4))
            await gate.wait()
            write(data)
            if line.cut_after == 0:
                await asyncio.sleep(0.01)  # what was written still leaves
                return
            with suppress(ConnectionError):
                await line.phone.drain()

    def _to_phone(self, line: Line, data: bytes) -> None:
        """Pass on what the server says; an answer is lost after the server has given it."""
        if self.weather == "lose":
            line.cut_after = 0
        line.phone.write(line.cuts(data))


def _length(head: bytes) -> int:
    for text in head.lower().split(b"\r\n"):
        if text.startswith(b"content-length:"):
            return int(text.partition(b":")[2])
    return 0


def _not_kept(head: bytes) -> bytes:
    lines = [text for text in head.split(b"\r\n") if not text.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


def _response(status: str, type: str, body: bytes, location: str = "") -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if location:
        lines.append(f"Location: {location}")
    return "\r\n".join([*lines, "", ""]).encode() + body
