"""Phones that report positions: they send frames and note when each was acknowledged."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

AT_ONCE = 50
HANDSHAKE_S = 60.0

Headers = dict[str, str]


def position(n: int, at: datetime, lon: float, lat: float) -> bytes:
    """Return a frame with one fix, as large as an app sends it."""
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        f'{{"type":"position","n":{n},"fixes":[{{"at":"{moment}","lon":{lon:.6f},"lat":{lat:.6f},'
        f'"datum":"wgs84","acc_m":9,"battery":71}}]}}'
    ).encode()


class Reporter(WSListener):
    """One phone's socket."""

    def __init__(self, crowd: "Reporters", hello: bytes | None) -> None:
        self.crowd, self.hello = crowd, hello
        self.transport: WSTransport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pongs = 0
        self.sent: dict[int, float] = {}

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.hello is None:
            self.ready.set_result(None)
        else:
            transport.send(WSMsgType.TEXT, self.hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        content = frame.get_payload_as_bytes()
        if b'"stored"' in content[:18]:
            self.crowd.acknowledged(self, json.loads(content))
        elif b'"pong"' in content[:18]:
            self.pongs += 1
            self.crowd.ponged()
        elif not self.ready.done() and content.startswith(b'{"reply":1,"result"'):
            self.ready.set_result(None)

    def on_ws_disconnected(self, _: WSTransport) -> None:
        self.crowd.closed += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before the welcome"))

    def send(self, frame: bytes) -> None:
        """Send one frame."""
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, frame)

    def report(self, n: int, lon: float, lat: float) -> datetime:
        """Report where this phone is now; returns the moment of the fix."""
        at = datetime.now(UTC)
        self.sent[n] = time.monotonic()
        self.send(position(n, at, lon, lat))
        return at


@dataclass
class Reporters:
    """All phones of one server, and its answers to them."""

    url: str
    phones: list[Reporter] = field(default_factory=list)
    closed: int = 0
    stored: int = 0
    refused: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from sending a frame to its acknowledgement."""
    _pongs: int = 0
    _expected: int = 0
    _all: asyncio.Future[None] | None = None
    _stored: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: int = 0

    async def connect(self, headers: Sequence[Headers], hellos: Sequence[bytes | None]) -> None:
        """Open one socket with each of `headers` and wait for the welcome, if a hello asks for one."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(own: Headers, hello: bytes | None) -> None:
            async with gate:
                phone = Reporter(self, hello)
                await ws_connect(
                    lambda: phone, self.url, extra_headers=own, websocket_handshake_timeout=HANDSHAKE_S
                )
                await asyncio.wait_for(phone.ready, HANDSHAKE_S)
                self.phones.append(phone)

        await asyncio.gather(*(one(own, hello) for own, hello in zip(headers, hellos, strict=True)))

    def acknowledged(self, phone: Reporter, frame: dict[str, Any]) -> None:
        """Note one acknowledgement."""
        sent = phone.sent.pop(frame["positions"], None)
        if sent is not None:
            self.waits.append(time.monotonic() - sent)
        self.stored += 1
        if self.stored >= self._wanted:
            self._stored.set()
        self.refused += frame.get("refused", 0)

    async def wait_until_stored(self, wanted: int, patience_s: float) -> None:
        """Return when so many frames have been acknowledged, or after the time limit."""
        self._wanted = wanted
        if self.stored < wanted:
            self._stored.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stored.wait(), patience_s)

    def expect_pongs(self) -> asyncio.Future[None]:
        """Return a future that is done when every phone has had one more pong."""
        self._expected = self._pongs + len(self.phones)
        self._all = asyncio.get_running_loop().create_future()
        return self._all

    def ponged(self) -> None:
        """Note one pong."""
        self._pongs += 1
        if self._all is not None and self._pongs >= self._expected and not self._all.done():
            self._all.set_result(None)
