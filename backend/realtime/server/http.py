"""The protocol class for uvicorn: reads each request's headers, within limits, and chooses the handler.

`uvicorn --loop uvloop --http backend.realtime.server.http:HttpProtocol`, for `web` and for `sockets`. A WebSocket
becomes a `FrameProtocol`. Any other request goes to uvicorn's own class; the next request on a kept connection is read
here again.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from backend.lib.errors import AddressTooLong, HeadersTooLarge
from backend.realtime.server.exchange import HttpExchange, refused
from backend.realtime.server.frame_protocol import FrameProtocol
from backend.realtime.websocket import HEADERS_END, Refused, read_request, refusal_response

REQUEST_WITHIN_S = 10.0
"""Time limit of a peer for the headers of its request."""
KEPT_S = 15.0
"""How long an idle connection is kept after a request (keep-alive)."""
MAX_ADDRESS = 4_096
"""Bytes of the first line of a request: its method, its address with the query, its version."""
MAX_HEADERS = 16_384

_TOO_LONG, _TOO_LARGE = refused(AddressTooLong()), refused(HeadersTooLarge())


class HttpProtocol(asyncio.Protocol):
    """A connection whose purpose is still unknown: a WebSocket, or a request for uvicorn's class."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        kept: bool = False,
    ) -> None:
        self.config, self.app_state = config, app_state
        self.server_state: Any = server_state  # its sets are typed for uvicorn's own classes
        self.transport: Any = None
        self._kept = kept
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request, up to a time limit."""
        self.transport = transport
        self.server_state.connections.add(self)
        self._close_after(KEPT_S if self._kept else REQUEST_WITHIN_S)

    def _close_after(self, seconds: float) -> None:
        self._too_late = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        """Close; abort when the peer does not even read the answer that it got."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read up to the end of the headers, then hand over the connection."""
        if self._kept:
            self._kept = False
            self._too_late.cancel()
            self._close_after(REQUEST_WITHIN_S)
        self._read += data
        end = self._read.find(HEADERS_END)
        if self._read.find(b"\r\n", 0, MAX_ADDRESS + 2) < 0 and len(self._read) > MAX_ADDRESS:
            self._refuse(_TOO_LONG)
        elif end > MAX_HEADERS or (end < 0 and len(self._read) > MAX_HEADERS):
            self._refuse(_TOO_LARGE)
        elif end >= 0:
            self._hand_over(self._read[:end], self._read[end + len(HEADERS_END) :])

    def _hand_over(self, head: bytes, rest: bytes) -> None:
        self._leave()
        request = read_request(head)
        if request is None:
            HttpExchange(self.config, self.server_state, self.app_state, HttpProtocol).begin(
                self.transport, self._read
            )
        elif isinstance(request, Refused):
            self._answer(request)
        else:
            socket = FrameProtocol(self.config.loaded_app, self.transport, self.server_state)
            self.transport.set_protocol(socket)
            socket.open(request, dict(self.app_state))
            if rest:
                socket.data_received(rest)

    def _refuse(self, refused: Refused) -> None:
        self._leave()
        self._answer(refused)

    def _answer(self, refused: Refused) -> None:
        self.transport.write(refusal_response(refused, self.server_state.default_headers))
        self.transport.close()

    def _leave(self) -> None:
        self._too_late.cancel()
        self.server_state.connections.discard(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Release the connection."""
        self._leave()

    def shutdown(self) -> None:
        """Close the connection: the server stops (called by uvicorn)."""
        self.transport.close()
