"""Thousands of sockets in one process: the load generator, faster than what it measures."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

AT_ONCE = 100
HANDSHAKE_S = 60.0
READ_BUFFER = 4_096


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening of one socket: its headers, its first frame, and a mark of the answer."""

    headers: Mapping[str, str] = field(default_factory=dict)
    hello: bytes | None = None
    welcome: bytes | None = None


@dataclass
class Crowd:
    """Sockets to one server that wait together for one event. `mark` is the bytes that identify our event.

    `kind` is the type of the frames; `size_of` returns the size of the event in a frame. The time of arrival is taken
    when the frame is parsed; no frame is decoded.
    """

    name: str
    url: str
    mark: bytes
    kind: WSMsgType = WSMsgType.TEXT
    size_of: Callable[[bytes], int] = len
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

    async def connect(self, openings: Sequence[Opening]) -> None:
        """Open a socket in each of these ways; one that says hello counts once its welcome has come."""
        gate = asyncio.Semaphore(AT_ONCE)
        began = time.monotonic()

        async def one(opening: Opening) -> None:
            async with gate:
                listener = _Listener(self, opening)
                try:
                    transport, _ = await ws_connect(
                        _factory(listener),
                        self.url,
                        extra_headers=opening.headers,
                        websocket_handshake_timeout=HANDSHAKE_S,
                        read_buffer_init_size=READ_BUFFER,
                    )
                    await asyncio.wait_for(listener.opened, HANDSHAKE_S)
                    self.transports.append(transport)
                except (OSError, TimeoutError, ConnectionError, ValueError, WSError) as error:
                    self.refused += 1
                    self.why_refused = repr(error)

        await asyncio.gather(*(one(opening) for opening in openings))
        self.connect_rate = self.size / (time.monotonic() - began)

    @property
    def size(self) -> int:
        """The number of open sockets."""
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

    def arrived(self, content: bytes) -> None:
        """Note one event on one socket."""
        self.arrivals.append(time.monotonic_ns())
        self.sizes.add(self.size_of(content))
        if len(self.arrivals) >= self._expected and self._everyone and not self._everyone.done():
            self._everyone.set_result(None)


class _Listener(WSListener):
    """One socket."""

    def __init__(self, crowd: Crowd, opening: Opening) -> None:
        self.crowd, self.opening = crowd, opening
        self.close_code = 1006
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self.opening.hello is not None:
            transport.send(self.crowd.kind, self.opening.hello)
        if self.opening.welcome is None and not self.opened.done():
            self.opened.set_result(None)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == self.crowd.kind:
            content = frame.get_payload_as_bytes()
            if self.crowd.mark in content:
                self.crowd.arrived(content)
            elif (
                not self.opened.done()
                and self.opening.welcome is not None
                and self.opening.welcome in content
            ):
                self.opened.set_result(None)
        elif frame.msg_type == WSMsgType.CLOSE:
            self.close_code = frame.get_close_code().value
            transport.disconnect()

    def on_ws_disconnected(self, _: WSTransport) -> None:
        if self.crowd.leaving:
            self.crowd.leaving -= 1
        elif self.opened.done() and not self.opened.exception():
            self.crowd.closed += 1
        elif not self.opened.done():
            reason = f"closed with {self.close_code} before the welcome"
            self.opened.set_exception(ConnectionError(reason))


def _factory(listener: _Listener) -> Callable[[], WSListener]:
    return lambda: listener
