"""Thousands of sockets in one process: the load generator, faster than what it measures."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

AT_ONCE = 100
HANDSHAKE_S = 60.0

Headers = dict[str, str]


@dataclass
class Crowd:
    """Sockets to one server that wait together for one event. `mark` is the bytes that tell an event of ours.

    The time of arrival is taken when the frame is parsed; nothing is decoded.
    """

    name: str
    url: str
    mark: bytes
    transports: list[WSTransport] = field(default_factory=list)
    refused: int = 0
    why_refused: str = ""
    closed: int = 0
    leaving: int = 0
    arrivals: list[int] = field(default_factory=list)
    sizes: set[int] = field(default_factory=set)
    connect_rate: float = 0.0
    _everyone: asyncio.Future[None] | None = None
    _expected: int = 0

    async def connect(
        self, headers: Sequence[Headers], hellos: Sequence[bytes | None], welcome: bytes | None
    ) -> None:
        """Open a socket with each of `headers`; with a hello, a socket counts once its welcome has come."""
        gate = asyncio.Semaphore(AT_ONCE)
        began = time.monotonic()

        async def one(own: Headers, hello: bytes | None) -> None:
            async with gate:
                listener = _Listener(self, hello, welcome)
                try:
                    transport, _ = await ws_connect(
                        _factory(listener),
                        self.url,
                        extra_headers=own,
                        websocket_handshake_timeout=HANDSHAKE_S,
                    )
                    await asyncio.wait_for(listener.welcomed, HANDSHAKE_S)
                    self.transports.append(transport)
                except (OSError, TimeoutError, ConnectionError, ValueError, WSError) as error:
                    self.refused += 1
                    self.why_refused = repr(error)

        await asyncio.gather(*(one(own, hello) for own, hello in zip(headers, hellos, strict=True)))
        self.connect_rate = len(self.transports) / (time.monotonic() - began)

    @property
    def size(self) -> int:
        """How many sockets are open."""
        return len(self.transports) - self.closed

    def shrink(self, to: int) -> None:
        """Close sockets until so many are left, so that two sides are compared at the same number."""
        while self.size > to:
            self.transports.pop().disconnect()
            self.leaving += 1

    def expect(self) -> asyncio.Future[None]:
        """Start a round: the future is done when every open socket has had one event."""
        self.arrivals = []
        self._expected = self.size
        self._everyone = asyncio.get_running_loop().create_future()
        return self._everyone

    def arrived(self, size: int) -> None:
        """Note one event on one socket."""
        self.arrivals.append(time.monotonic_ns())
        self.sizes.add(size)
        if len(self.arrivals) >= self._expected and self._everyone and not self._everyone.done():
            self._everyone.set_result(None)


class _Listener(WSListener):
    """One socket."""

    def __init__(self, crowd: Crowd, hello: bytes | None, welcome: bytes | None) -> None:
        self.crowd, self.hello, self.welcome = crowd, hello, welcome
        self.close_code = 1006
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self.hello is not None:
            transport.send(WSMsgType.TEXT, self.hello)
        if self.welcome is None and not self.welcomed.done():
            self.welcomed.set_result(None)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            content = frame.get_payload_as_bytes()
            if self.crowd.mark in content:
                self.crowd.arrived(len(content))
            elif self.welcome is not None and content.startswith(self.welcome) and not self.welcomed.done():
                self.welcomed.set_result(None)
        elif frame.msg_type == WSMsgType.CLOSE:
            self.close_code = frame.get_close_code().value
            transport.disconnect()

    def on_ws_disconnected(self, _: WSTransport) -> None:
        if self.crowd.leaving:
            self.crowd.leaving -= 1
        elif self.welcomed.done() and not self.welcomed.exception():
            self.crowd.closed += 1
        elif not self.welcomed.done():
            reason = f"closed with {self.close_code} before the welcome"
            self.welcomed.set_exception(ConnectionError(reason))


def _factory(listener: _Listener) -> Callable[[], WSListener]:
    return lambda: listener
