"""Fan-out of committed messages to every hub: fire and forget, because the log repairs every loss."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings

from backend.realtime import metrics
from backend.realtime.frames import Audience, Message, message_of

logger = logging.getLogger(__name__)

GROUP = "hubs"
"""The one group of the channel layer, with each hub as a member. See docs/adr/0003."""

WANTED_S = 30.0
"""How long a process remembers that a hub wants receipts."""
_MAX_WAITING = 1_000
_SEND_TIMEOUT_S = 2.0
_Told = TypeVar("_Told")

Changes = Sequence[tuple[UUID, str]]
"""Changes of access: (id, topic)."""


@dataclass(frozen=True, slots=True)
class Ears:
    """A hub's handlers of messages, of changes of access, and of topics with new receipts."""

    messages: Callable[[Sequence[Message]], None]
    access: Callable[[Changes], None]
    received: Callable[[Sequence[str]], None]


_local: tuple[asyncio.AbstractEventLoop, Ears] | None = None
_wanted: dict[str, float] = {}
"""Topics whose receipts a hub wants, and until when on the monotonic clock."""


def attach(loop: asyncio.AbstractEventLoop, ears: Ears | None) -> None:
    """Connect this process's hub to local announcements directly, on its own loop; None disconnects it."""
    global _local
    _local = (loop, ears) if ears else None


def announce(messages: Sequence[Message]) -> None:
    """Send committed messages to the local hub and to the channel layer. Never blocks, never raises."""
    committed_at = time.time()
    for message in messages:
        message.committed_at = committed_at
    if _local is not None:
        _tell(_local[0], _local[1].messages, messages)
    if settings.REDIS_URL:
        _sender().put({"type": "hub.messages", "messages": [_packed(message) for message in messages]})


def announce_access(changes: Changes) -> None:
    """Tell every hub the changes of access; hubs that miss it find the rows by their poll."""
    if _local is not None:
        _tell(_local[0], _local[1].access, changes)
    if settings.REDIS_URL:
        _sender().put({"type": "hub.access", "changes": [[str(id), topic] for id, topic in changes]})


def want_received(topics: Sequence[str]) -> None:
    """Ask all processes to report receipts in these topics for a while; the request may get lost."""
    note_wanted(topics)
    if settings.REDIS_URL and topics:
        _sender().put({"type": "hub.wanted", "topics": list(topics)})


def note_wanted(topics: Iterable[str]) -> None:
    """Remember that a hub wants receipts in these topics."""
    global _wanted
    moment = time.monotonic()
    kept = {topic: until for topic, until in _wanted.items() if until > moment}
    _wanted = kept | dict.fromkeys(topics, moment + WANTED_S)


def announce_received(topics: Iterable[str]) -> None:
    """Tell the hubs that receipts were stored, if one wants them; a process without a hub tells all of them."""
    moment = time.monotonic()
    wanted = list(topics) if _local is None else [one for one in topics if _wanted.get(one, 0.0) > moment]
    if not wanted:
        return
    if _local is not None:
        _tell(_local[0], _local[1].received, wanted)
    if settings.REDIS_URL:
        _sender().put({"type": "hub.received", "topics": wanted})


def _tell(loop: asyncio.AbstractEventLoop, ear: Callable[[_Told], None], told: _Told) -> None:
    try:
        loop.call_soon_threadsafe(ear, told)
    except RuntimeError:  # the loop is closed: the process shuts down
        logger.info("no hub to tell")


def announce_revoked(session: UUID, at: datetime, code: int) -> None:
    """Tell every hub that a session was revoked; hubs that miss it find the row by their poll."""
    if settings.REDIS_URL:
        _sender().put({"type": "hub.revoked", "session": str(session), "at": at.isoformat(), "code": code})


def unpack(packed: dict[str, Any]) -> Message:
    """Return a message that came over the layer."""
    kept = packed.get("audience")
    audience = None if kept is None else Audience.of_stored(kept)
    message = message_of(packed["topic"], packed["seq"], packed["text"], audience)
    message.committed_at, message.epoch = packed.get("committed_at"), packed.get("epoch")
    return message


def _packed(message: Message) -> dict[str, Any]:
    packed: dict[str, Any] = {"topic": message.topic, "seq": message.seq, "text": message.text}
    packed |= {"committed_at": message.committed_at, "epoch": message.epoch}
    if message.audience:
        packed["audience"] = message.audience.stored
    return packed


class _Sender:
    """A thread with its own event loop that writes to the layer.

    In a process without a loop `async_to_sync` would make a new loop, and with it a new connection, for every message.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_MAX_WAITING)
        threading.Thread(target=self._run, name="bus", daemon=True).start()

    def put(self, message: dict[str, Any]) -> None:
        self.loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            metrics.layer_errors.labels("queue").inc()
            logger.warning("the channel layer is not taking messages; the hubs read them from the log")

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._send())

    async def _send(self) -> None:
        layer = get_channel_layer()
        while True:
            message = await self.queue.get()
            try:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    await layer.group_send(GROUP, message)
            except Exception as error:
                metrics.layer_errors.labels("send").inc()
                logger.warning("the channel layer did not take a message: %r", error)
            finally:
                self.queue.task_done()


_sender_lock = threading.Lock()
_the_sender: _Sender | None = None


def _sender() -> _Sender:
    global _the_sender
    with _sender_lock:
        if _the_sender is None:
            _the_sender = _Sender()
        return _the_sender
