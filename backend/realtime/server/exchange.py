"""One HTTP request and its answer, by uvicorn's own class, with the time limits that it lacks."""

import asyncio
import logging
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from backend.lib.errors import BodyTooSlow, Refusal
from backend.realtime.websocket import Refused, refusal_response

LOOK_S = 2.0
"""Interval of the checks of a request's time limits."""
BODY_GRACE_S = 30.0
BODY_BYTES_PER_S = 2_000
"""The lowest average speed of a body after the grace time: slower than a phone at the edge of its network."""
READ_WITHIN_S = 60.0
"""How long a peer may take to read more of the answer."""
LINGER_S, LINGER_BYTES = 2.0, 1_000_000
"""The rest of an unwanted body is read and dropped, so that the peer sees the answer: up to this time and size."""


def refused(refusal: Refusal) -> Refused:
    """Return a refusal in the form that the server itself answers, without the application."""
    return Refused(refusal.status, refusal.detail, type=f"/problems/{refusal.slug}")


_errors = logging.getLogger(f"{__name__}.errors")
_errors.setLevel(logging.ERROR)
"""uvicorn warns of each malformed request: strangers would fill the log."""


class HttpExchange(H11Protocol):
    """Serves one request; then the connection returns to `HttpProtocol`, which reads the next one."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], door: Any
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = _errors
        self.access_log = False  # whatever the logger's level: addresses carry the secrets of trackers
        self._door = door
        self._taken = 0
        self._full_since: float | None = None
        self._answered = False

    def begin(self, raw: Any, data: bytes) -> None:
        """Take over a connection, with the bytes that were read from it."""
        raw.set_protocol(self)
        self._raw = raw
        self.connection_made(_Lingering(raw, self))  # type: ignore[arg-type]
        self._began = self.loop.time()
        self._clock = self.loop.call_later(LOOK_S, self._look)
        self.data_received(data)

    # --- the time limits --------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Count the received bytes."""
        self._taken += len(data)
        super().data_received(data)

    def wants_more(self) -> bool:
        """Tell whether a part of the body is still missing."""
        return self.conn.their_state is h11.SEND_BODY

    def _look(self) -> None:
        moment = self.loop.time()
        if self.flow.read_paused:
            self._began += LOOK_S  # we are late, not the peer
        if self._raw.is_closing() and self._full_since is None:
            self._full_since = moment  # the same allowance for the rest of the answer
        if self._full_since is not None and moment - self._full_since > READ_WITHIN_S:
            self._raw.abort()
            return
        self._clock = self.loop.call_later(LOOK_S, self._look)
        if self.wants_more() and self._lag(moment) > 0 and not self.transport.is_closing():
            self._give_up()

    def _lag(self, moment: float) -> float:
        return (moment - self._began - BODY_GRACE_S) * BODY_BYTES_PER_S - self._taken

    def _give_up(self) -> None:
        """Refuse a peer whose body comes too slowly, and end the body for the application."""
        if not self._has_begun():
            told = refusal_response(refused(BodyTooSlow()), self.server_state.default_headers)
            self._raw.write(told)
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self._raw.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed HTTP request in the form of all refusals."""
        if not self._has_begun():
            told = refusal_response(Refused(400, msg), self.server_state.default_headers)
            self._raw.write(told)
        self._raw.close()

    def _has_begun(self) -> bool:
        """Tell whether an answer has begun; before the first parsed request there is no cycle."""
        cycle: Any = self.cycle
        return bool(cycle and cycle.response_started)

    # --- the end ----------------------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Hand the connection back, unless it ends with this answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.conn.our_state is not h11.DONE or self.conn.their_state is not h11.DONE:
            self.transport.close()
            return
        self._answered = True
        if not self.flow.write_paused:  # otherwise the next exchange would not know that the buffer is full
            self._go_back()

    def pause_writing(self) -> None:
        """Note that the peer reads more slowly than we write."""
        super().pause_writing()
        self._full_since = self.loop.time()

    def resume_writing(self) -> None:
        """Continue: the peer has read."""
        super().resume_writing()
        self._full_since = None
        if self._answered and not self.transport.is_closing():
            self._go_back()

    def _go_back(self) -> None:
        self._clock.cancel()
        self.flow.resume_reading()
        self.connections.discard(self)
        door = self._door(self.config, self.server_state, self.app_state, kept=True)
        self._raw.set_protocol(door)
        door.connection_made(self._raw)
        rest, _ = self.conn.trailing_data
        if rest:
            door.data_received(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection."""
        self._clock.cancel()
        super().connection_lost(exc)


class _Lingering:
    """A transport that closes only after it has read and dropped the rest of the body.

    The kernel answers unread bytes with a reset, which destroys the answer before the peer has read it.
    """

    def __init__(self, raw: Any, exchange: HttpExchange) -> None:
        self.raw, self.exchange = raw, exchange
        self._lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def is_closing(self) -> bool:
        """Tell whether writing has ended."""
        return self._lingers or bool(self.raw.is_closing())

    def close(self) -> None:
        """Write the buffer, and close the connection."""
        if self.is_closing():
            return
        if not (self.exchange.wants_more() and self.raw.can_write_eof()):
            self.raw.close()
            return
        self._lingers = True
        self.raw.set_protocol(_Rest(self.raw, self.exchange))
        self.raw.write_eof()
        self.raw.resume_reading()


class _Rest(asyncio.Protocol):
    """Drops the bytes that still arrive."""

    def __init__(self, raw: Any, exchange: HttpExchange) -> None:
        self._raw, self._exchange = raw, exchange
        self._left = LINGER_BYTES
        self._over = asyncio.get_running_loop().call_later(LINGER_S, raw.abort)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._raw.pause_reading()  # the peer still has a moment to read the answer

    def connection_lost(self, exc: Exception | None) -> None:
        self._over.cancel()
        self._exchange.connection_lost(exc)
