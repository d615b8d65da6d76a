"""One socket as the hub sees it: a writer of frames with a bounded backlog for a slow phone."""

import asyncio
import logging
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from datetime import datetime
from typing import Any

from backend.realtime import metrics
from backend.realtime.frames import Message, encode_frame
from backend.realtime.registry import Principal

logger = logging.getLogger(__name__)

BACKLOG_FRAMES = 500
BACKLOG_BYTES = 512 * 1024
TOGETHER_BYTES = 64 * 1024
"""Frames up to which a batch is written at once; a larger batch is written frame by frame, so that a slow phone's
backlog takes the rest."""

Send = Callable[[dict[str, Any]], Awaitable[None]]
WriteFrame = Callable[[bytes], bool]


class Connection:
    """Writes to one socket without a wait for any other one.

    With the `muster.frame` extension of our protocol class a frame that was encoded once is written directly. On any
    other server `send` is stepped by hand, and nearly always finishes at once. If it does not, the phone is slow: its
    next frames wait in a bounded backlog with a task of its own. When that is full the socket is closed with 4290.
    """

    __slots__ = (
        "__weakref__", "asked", "backlog", "backlog_bytes", "closing", "drain", "opened_at", "principal", "send",
        "topics", "turn", "write_frame",
    )  # fmt: skip

    def __init__(
        self, send: Send, write_frame: WriteFrame | None, principal: Principal, at: datetime
    ) -> None:
        self.send = send
        self.write_frame = write_frame
        self.principal = principal
        self.opened_at = at
        self.turn = 0
        self.topics: dict[str, int] = {}
        """The joined topics, each with the last event that was sent to this socket."""
        self.asked: set[str] | None = None
        """The topics joined by `topic.join`, and not by the server; None: there were none."""
        self.backlog: deque[dict[str, Any]] | None = None
        self.backlog_bytes = 0
        self.drain: asyncio.Task[None] | None = None
        self.closing: int | None = None

    def push(self, message: Message) -> None:
        """Write one message of the log."""
        if not self._written(message.frame):
            self._send_or_queue(message.outgoing)

    def push_together(self, first: Sequence[str], messages: Sequence[Message], last: str) -> None:
        """Write messages between frames for this socket alone, in one write where possible."""
        between = (message.frame for message in messages)
        frames = b"".join((*map(encode_frame, first), *between, encode_frame(last)))
        if len(frames) > TOGETHER_BYTES or not self._written(frames):
            for text in first:
                self.push_text(text)
            for message in messages:
                self.push(message)
            self.push_text(last)

    def push_text(self, text: str) -> None:
        """Write one frame for this socket alone."""
        if self.write_frame is None or not self._written(encode_frame(text)):
            self._send_or_queue({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str = "") -> None:
        """Close with a documented close code; waiting frames are dropped, and the phone resumes from its cursors."""
        if self.closing is not None:
            return
        self.closing = code
        metrics.closes.labels(code).inc()
        if self.backlog is not None:
            metrics.backlog_drops.inc(len(self.backlog))
            self.backlog.clear()
        self._step({"type": "websocket.close", "code": code, "reason": reason})

    def gone(self) -> None:
        """Release everything: the peer has left."""
        self.closing = self.closing or 1006
        if self.drain is not None:
            self.drain.cancel()

    def _written(self, frame: bytes) -> bool:
        if self.write_frame is None or self.backlog is not None or self.closing is not None:
            return False
        return self.write_frame(frame)

    def _send_or_queue(self, outgoing: dict[str, Any]) -> None:
        if self.closing is not None:
            return
        if self.backlog is None:
            self._step(outgoing)
            return
        self.backlog.append(outgoing)
        self.backlog_bytes += len(outgoing["text"])
        if len(self.backlog) > BACKLOG_FRAMES or self.backlog_bytes > BACKLOG_BYTES:
            self.close(4290, "too slow: reconnect and resume")

    def _step(self, outgoing: dict[str, Any]) -> None:
        if self.backlog is not None:  # only a close gets here while the phone is slow
            self.backlog.append(outgoing)
            return
        sending = _coroutine(self.send(outgoing))
        try:
            waiting_for = sending.send(None)
        except StopIteration:
            return
        except Exception as error:
            logger.debug("socket is gone: %r", error)
            return
        self.backlog = deque()
        self.backlog_bytes = 0
        self.drain = asyncio.ensure_future(self._drain(sending, waiting_for))

    async def _drain(self, sending: Coroutine[Any, Any, None], waiting_for: Any) -> None:
        try:
            await _resume(sending, waiting_for)
            while self.backlog:
                outgoing = self.backlog.popleft()
                self.backlog_bytes -= len(outgoing.get("text", ""))
                await self.send(outgoing)
        except Exception as error:
            logger.debug("socket is gone: %r", error)
        finally:
            self.backlog = None
            self.drain = None


def _coroutine(awaitable: Awaitable[None]) -> Coroutine[Any, Any, None]:
    if isinstance(awaitable, Coroutine):
        return awaitable

    async def wrap() -> None:
        await awaitable

    return wrap()


@types.coroutine
def _resume(sending: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Resume a coroutine that was stepped once by hand."""
    while True:
        try:
            value = yield waiting_for
        except BaseException as error:
            thrown: BaseException | None = error
        else:
            thrown = None
        try:
            waiting_for = sending.send(value) if thrown is None else sending.throw(thrown)
        except StopIteration:
            return
