"""The WebSocket protocol class for uvicorn: writes frames that were encoded once.

`uvicorn --loop uvloop --ws backend.realtime.server:FrameProtocol` announces the ASGI extension `muster.frame`. Its
`write(frame: bytes) -> bool` puts the bytes on the wire and returns False when it may not: the peer's buffer is full,
or the socket is closing. Without the extension (any other ASGI server) the hub uses plain `websocket.send`.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from backend.realtime.frames import MAX_FRAME_BYTES


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-I/O protocol with a direct way for prepared frames; it can also close a peer that never reads."""

    def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
        # Compression costs about 300 KiB a socket and keeps frames from being encoded once.
        config.ws_per_message_deflate = False
        # Up to here a frame that is too large gets our 4400; beyond it the protocol closes with 1009 unread.
        config.ws_max_size = 2 * MAX_FRAME_BYTES
        super().__init__(config, *args, **kwargs)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"]["muster.frame"] = {"write": self.write_frame}

    def write_frame(self, frame: bytes) -> bool:
        """Write an encoded frame; False when the peer's buffer is full or the socket is closing."""
        if self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    async def send(self, message: Any) -> None:
        """Send as uvicorn does; a close does not wait for ever for a peer that has stopped reading."""
        if message["type"] == "websocket.close" and not self.writable.is_set():
            try:
                async with asyncio.timeout(self.close_timeout):
                    await self.writable.wait()
            except TimeoutError:
                self.transport.abort()
                return
        await super().send(message)
