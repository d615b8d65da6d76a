"""One WebSocket on the wire: frames are encoded once, and an idle socket holds little memory.

`http.py` passes it each handshake. It announces the ASGI extension `muster.frame`: `write(frame: bytes) -> bool` writes
the bytes of a whole frame to the wire. It returns False when the peer's buffer is full or the socket is closing.
Without the extension (any other ASGI server) the hub uses plain `websocket.send`. See docs/adr/0008.
"""

import asyncio
import logging
import os
from collections import deque
from typing import Any
from urllib.parse import unquote

from backend.realtime.frames import MAX_FRAME_BYTES
from backend.realtime.server.credentials import is_own_host
from backend.realtime.server.keepalive import (
    CLOSE_WITHIN_S,
    HEARD_WITHIN_S,
    PULSE_S,
    WRITE_WITHIN_S,
    Pulse,
)
from backend.realtime.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    Refused,
    Request,
    Violation,
    accept_response,
    check_handshake,
    close_code,
    close_frame,
    frame,
    refusal_response,
)

logger = logging.getLogger(__name__)

Message = dict[str, Any]

MAX_WAITING = 32
"""Messages that may wait for the application before reading from the socket pauses."""
MAX_CONTROLS = 200
"""Pings and pongs that a peer may send in a round of the keep-alive: its own and the answers to ours are a few."""
LINGER_S = 1.0
"""How long a connection stays open, so that a peer that broke the protocol can read the close frame."""
RESTARTING = 1012


class FrameProtocol(asyncio.Protocol):
    """One WebSocket and the ASGI application behind it; thousands exist, so it holds as little as possible."""

    __slots__ = (
        "_fd",
        "_key",
        "_reader",
        "_reading",
        "_room",
        "_server_state",
        "_shut",
        "_spilt",
        "_waiter",
        "_waiting",
        "app",
        "closing_since",
        "controls",
        "heard_at",
        "loop",
        "lost",
        "paused_since",
        "transport",
        "turn",
    )  # fmt: skip

    def __init__(self, app: Any, transport: asyncio.Transport, server_state: Any) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self.transport = transport
        self._server_state = server_state
        self._fd = _descriptor(transport)
        self._spilt = self._fd < 0
        self._shut = False
        # Up to this limit a too large message gets our 4400; above it the protocol closes with 1009 unread.
        self._reader: FrameReader | None = FrameReader(2 * MAX_FRAME_BYTES)
        self._key: bytes | None = None
        self._waiting: deque[Message] | None = None
        self._waiter: asyncio.Future[Message] | None = None
        self._room: asyncio.Future[None] | None = None
        self._reading = True
        self.heard_at = self.loop.time()
        self.paused_since: float | None = None
        self.closing_since: float | None = None
        self.controls = 0
        self.turn = 0
        self.lost = False

    # --- the handshake ----------------------------------------------------------------------------------------------

    def open(self, request: Request, state: dict[str, Any]) -> None:
        """Start the application for a handshake."""
        self._server_state.connections.add(self)
        Pulse.of(self.loop).add(self)
        key = check_handshake(request)
        if not isinstance(key, Refused) and not is_own_host(request.header(b"host")):
            key = Refused(400, "This server has another name.")
        if isinstance(key, Refused):
            self._refuse(key)
            return
        self._key, self._waiting = key, deque([{"type": "websocket.connect"}])
        task = self.loop.create_task(self._run(self._scope(request, state)))
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    def _scope(self, request: Request, state: dict[str, Any]) -> Message:
        path, _, query = request.target.partition(b"?")
        encrypted = self.transport.get_extra_info("sslcontext") is not None
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if encrypted else "ws",
            "server": None,
            "client": self.transport.get_extra_info("peername"),
            "root_path": "",
            "path": unquote(path.decode("latin-1")),
            "raw_path": path,
            "query_string": query,
            "headers": request.headers,
            "subprotocols": request.subprotocols(),
            "state": state,
            "extensions": {"muster.frame": {"write": self.write_frame}},
        }

    async def _run(self, scope: Message) -> None:
        try:
            await self.app(scope, self.receive, self.send)
        except Exception:
            logger.exception("Exception in ASGI application")
            self._close(1011, "")
        else:
            self._close(1000, "")

    # --- what the application calls ---------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """Return the next ASGI message."""
        if self._waiting:
            message = self._waiting.popleft()
            if not self._waiting:
                self._waiting = None
                self._read_on()
            return message
        self._waiter = self.loop.create_future()
        return await self._waiter

    async def send(self, message: Message) -> None:
        """Send an ASGI message; waits while the peer's buffer is full. Messages after the close are dropped."""
        match message["type"]:
            case "websocket.accept":
                self._accept(message.get("subprotocol"))
            case "websocket.send":
                while self.paused_since is not None and not self.lost:
                    await self._wait_for_room()
                text = message.get("text")
                self._write(
                    frame(TEXT, text.encode()) if text is not None else frame(BINARY, message["bytes"])
                )
            case "websocket.close":
                self._close(message.get("code", 1000), message.get("reason") or "")
            case other:
                raise RuntimeError(f"there is no ASGI message {other!r} for a WebSocket")

    def write_frame(self, data: bytes) -> bool:
        """Write an encoded frame; False when the peer's buffer is full or the socket is closing."""
        if self._shut:
            return False
        self._put(data)
        return True

    # --- writing ----------------------------------------------------------------------------------------------------

    def _put(self, data: bytes) -> None:
        """Write bytes to the kernel; the rest that it does not take, and all bytes after it, go through the transport.

        Among thousands of sockets none is in the processor's cache: this touches as little memory of each as it can.
        """
        if self._spilt and not self._is_dry():
            self.transport.write(data)
            return
        try:
            sent = os.write(self._fd, data)
        except OSError:  # the peer's buffer is full, or the peer is gone: the transport handles both
            sent = 0
        if sent < len(data):
            self._spilt = True
            self.transport.write(data[sent:])

    def _is_dry(self) -> bool:
        self._spilt = self._fd < 0 or self.transport.get_write_buffer_size() > 0
        return not self._spilt

    def _accept(self, subprotocol: str | None) -> None:
        if self._key is None or self.lost:
            return
        self._put(accept_response(self._key, subprotocol))
        self._key = None

    def _write(self, data: bytes) -> None:
        if self.closing_since is None and not self.lost:
            self._put(data)

    def _close(self, code: int, reason: str) -> None:
        """Begin the close; the peer's answer ends it, or the keep-alive after some seconds."""
        if self.closing_since is not None or self.lost:
            return
        if self._key is not None:
            self._refuse(Refused(403, "Refused."))
            return
        self._write(close_frame(code, reason))
        self._shut, self.closing_since = True, self.loop.time()
        self._read_on()

    def _refuse(self, refused: Refused) -> None:
        self._put(refusal_response(refused, self._server_state.default_headers))
        self._shut, self.closing_since = True, self.loop.time()
        self.transport.close()

    async def _wait_for_room(self) -> None:
        if self._room is None or self._room.done():
            self._room = self.loop.create_future()
        await self._room

    def pause_writing(self) -> None:
        """Note that the peer reads more slowly than we write."""
        self._shut, self.paused_since = True, self.loop.time()

    def resume_writing(self) -> None:
        """Continue to write: the peer has read."""
        self.paused_since = None
        self._shut = self.closing_since is not None or self.lost
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    # --- reading ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Process bytes from the peer."""
        self.heard_at = self.loop.time()
        if self._reader is None:
            return
        try:
            for opcode, payload in self._reader.feed(data):
                self._take(opcode, payload)
        except Violation as violation:
            self._break_off(violation)

    def _break_off(self, violation: Violation) -> None:
        """Close on a peer that broke the protocol; further bytes are dropped, so that it sees the close."""
        self._reader = None
        self._close(violation.code, violation.reason)
        self._deliver({"type": "websocket.disconnect", "code": violation.code})
        self.loop.call_later(LINGER_S, self.transport.close)

    def _take(self, opcode: int, payload: bytes) -> None:
        if self.closing_since is not None and opcode != CLOSE:
            return
        if opcode == TEXT:
            try:
                self._deliver({"type": "websocket.receive", "text": payload.decode()})
            except UnicodeDecodeError as error:
                raise Violation(1007, "text that is no UTF-8") from error
        elif opcode == BINARY:
            self._deliver({"type": "websocket.receive", "bytes": payload})
        elif opcode == CLOSE:
            self._take_close(close_code(payload))
        else:
            self._take_control(opcode, payload)

    def _take_control(self, opcode: int, payload: bytes) -> None:
        self.controls += 1
        if self.controls > MAX_CONTROLS:
            raise Violation(4290, "too fast")
        if opcode == PING:
            self.write_frame(frame(PONG, payload))

    def _take_close(self, code: int) -> None:
        if self.closing_since is None:
            self._close(1000 if code == 1005 else code, "")
        self._deliver({"type": "websocket.disconnect", "code": code})
        self.transport.close()

    def _deliver(self, message: Message) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(message)
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)
        if self._reading and len(self._waiting) >= MAX_WAITING and not self.lost:
            self._reading = False
            self.transport.pause_reading()

    def _read_on(self) -> None:
        if not (self._reading or self.lost):
            self._reading = True
            self.transport.resume_reading()

    # --- the end ----------------------------------------------------------------------------------------------------

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the application that the connection is closed."""
        self.lost = True
        self._server_state.connections.discard(self)
        Pulse.of(self.loop).remove(self)
        self.resume_writing()
        self._deliver({"type": "websocket.disconnect", "code": 1006})

    def shutdown(self) -> None:
        """Let the application say goodbye: the server stops (called by uvicorn)."""
        self._deliver({"type": "websocket.disconnect", "code": RESTARTING})

    def beat(self, moment: float) -> None:
        """Close a dead connection, or ping the peer; called once in a round of the keep-alive."""
        self.controls = 0
        if self._is_dead(moment):
            self.transport.abort()
        elif moment - self.heard_at > PULSE_S / 2:
            self.write_frame(_PING)

    def _is_dead(self, moment: float) -> bool:
        if self.closing_since is not None:
            return moment - self.closing_since > CLOSE_WITHIN_S
        if self.paused_since is not None and moment - self.paused_since > WRITE_WITHIN_S:
            return True
        return moment - self.heard_at > HEARD_WITHIN_S


def _descriptor(transport: asyncio.Transport) -> int:
    """Return the file descriptor of a plain connection, for writes past the transport; -1 if it is encrypted.

    It is valid until `connection_lost`: asyncio and uvloop close it only after that call.
    """
    if transport.get_extra_info("sslcontext") is not None:
        return -1
    found = transport.get_extra_info("socket")
    return -1 if found is None else int(found.fileno())


_PING = frame(PING, b"")
