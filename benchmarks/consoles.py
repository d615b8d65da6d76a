"""Consoles that watch the live map, and a phone that pings beside them."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.stage import WELCOME

OPEN_S = 60.0
PING_EVERY_S = 0.025
_LARGE = 65_536

View = tuple[tuple[float, float, float, float], float]
"""A viewport: west, south, east, north, and the zoom."""


@dataclass
class Console(WSListener):
    """One socket with an open map: the bytes of its frames with their headers, and the age of the reports in them."""

    hello: bytes
    view: View
    frames: list[tuple[float, int]] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    transport: WSTransport | None = None
    measured_from: float = inf
    """Seconds since 1970; earlier reports do not measure the delay of a report."""

    def __post_init__(self) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        transport.send(WSMsgType.TEXT, self.hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        content = frame.get_payload_as_bytes()
        if content.startswith(WELCOME):
            (west, south, east, north), zoom = self.view
            body = {"bbox": [west, south, east, north], "zoom": zoom}
            transport.send(WSMsgType.TEXT, json.dumps({"id": 2, "type": "map.view", "body": body}).encode())
        elif content.startswith(b'{"topic":"map"'):
            self._map(content)

    def on_ws_disconnected(self, _: WSTransport) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before the first map frame"))

    def _map(self, content: bytes) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
        moment = time.time()
        if moment < self.measured_from:
            return
        self.frames.append((time.monotonic(), len(content) + (4 if len(content) < _LARGE else 10)))
        if content.startswith(b'{"topic":"map","type":"map.people"'):
            seen = [_seconds(entry["at"]) for entry in json.loads(content)["people"].values() if entry]
            self.delays_s += [moment - at for at in seen if at >= self.measured_from]

    def kb_per_s(self) -> float:
        """Return the thousands of bytes a second, from the first frame to the last."""
        if len(self.frames) < 2:
            return 0.0
        return sum(size for _, size in self.frames[1:]) / (self.frames[-1][0] - self.frames[0][0]) / 1e3


@dataclass
class Pinger(WSListener):
    """A phone that sends a ping forty times a second: it measures how long the map delays other sockets."""

    hello: bytes
    waits_s: list[float] = field(default_factory=list)
    transport: WSTransport | None = None
    _sent: float = 0.0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        transport.send(WSMsgType.TEXT, self.hello)

    def on_ws_frame(self, _: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT and frame.get_payload_as_bytes().startswith(b'{"type":"pong"'):
            self.waits_s.append(time.perf_counter() - self._sent)
            self._sent = 0.0

    async def run(self) -> None:
        """Ping until cancelled; the next ping follows the pong."""
        while True:
            await asyncio.sleep(PING_EVERY_S)
            if not self._sent and self.transport is not None:
                self._sent = time.perf_counter()
                self.transport.send(WSMsgType.TEXT, b'{"type":"ping"}')


async def open_consoles(
    url: str, signed_in: Sequence[tuple[dict[str, str], bytes]], views: Sequence[View]
) -> list[Console]:
    """Open a console for each view, signed in with headers and a hello; returns when each has its first frame."""
    consoles = [Console(hello, view) for (_, hello), view in zip(signed_in, views, strict=False)]
    for (headers, _), console in zip(signed_in, consoles, strict=False):
        await ws_connect(_factory(console), url, extra_headers=headers)
    async with asyncio.timeout(OPEN_S):
        await asyncio.gather(*(console.opened for console in consoles))
    return consoles


async def open_pinger(url: str, headers: dict[str, str], hello: bytes) -> Pinger:
    """Open the phone that pings."""
    pinger = Pinger(hello)
    await ws_connect(_factory(pinger), url, extra_headers=headers)
    return pinger


def _factory(listener: WSListener) -> Callable[[], WSListener]:
    return lambda: listener


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
