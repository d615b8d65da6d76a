"""The hub: one per process, the only member of the channel layer; writes each event to its local recipients."""

import asyncio
import itertools
import logging
import random
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from cryptography.fernet import InvalidToken
from django.conf import settings

from backend.lib.clock import now
from backend.realtime import metrics
from backend.realtime.connection import Connection
from backend.realtime.frames import Heartbeat, Message, Restarting
from backend.realtime.log import bus, epochs
from backend.realtime.socket.holders import Holders
from backend.realtime.socket.local import TopicState
from backend.realtime.socket.polling import Known, look
from backend.realtime.socket.reviews import Reviews
from backend.realtime.socket.tallies import Tallies
from backend.realtime.sync import in_thread

logger = logging.getLogger(__name__)

POLL_S = 1.0
RESTARTING = 1012
"""Close code for phones that should reconnect: this process ends, or the log has a new epoch."""
RETURNS_PER_S = 500
"""Phones that should reconnect per second when their process restarts: a third of the others' capacity."""
YIELD_EVERY = 500
"""Sockets written to before other work of the loop may run."""
REVIEW_EVERY = 24
"""Heartbeats between reviews of a socket's topics without a known change: every ten minutes."""
CLOSINGS = {
    4403: "this device was signed out",
    4404: "your number has changed: renew the token, connect again",
}


class Hub:
    """Delivers the log to local sockets: in order, without gaps, without a wait for any socket."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """Know nothing yet."""
        self.connections: dict[Connection, None] = {}
        self.topics: dict[str, TopicState] = {}
        self.strays: dict[str, list[Message]] = {}
        self._holders = Holders()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing: deque[tuple[TopicState, Message, list[Connection]]] = deque()
        self._newest: datetime | None = None
        self.epoch = ""
        """The epoch of all known events; empty until the log has been read."""
        self._wanted: asyncio.Event
        self._to_write: asyncio.Event
        self.read_at: float | None = None
        """When the log was last read, on the monotonic clock; None: not yet, or there is no hub."""
        self._ticks = 0
        self._turn = 0
        self.reviews = Reviews(self)
        self.tallies = Tallies(self)

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the hub on the running loop, once."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._wanted, self._to_write = asyncio.Event(), asyncio.Event()
        self.reviews, self.tallies = Reviews(self), Tallies(self)
        bus.attach(loop, bus.Ears(self.take, self.reviews.notice, self.tallies.received))
        work = (self._poll, self._heartbeats, self._write, self.reviews.run, self.tallies.run)
        self._tasks = [loop.create_task(one()) for one in work]
        if settings.REDIS_URL:
            self._tasks.append(loop.create_task(self._listen()))

    async def stop(self) -> None:
        """Stop all tasks and forget everything."""
        while running := [task for task in self._tasks if not task.done()]:
            for task in running:  # repeated, because the layer's client can swallow a cancellation
                task.cancel()
            await asyncio.wait(running, timeout=0.2)
        if self._loop is not None:
            bus.attach(self._loop, None)
        self._begin()

    # --- sockets --------------------------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """Add a signed-in socket."""
        self._turn += 1
        connection.turn = self._turn % settings.MUSTER.heartbeat_s
        self.connections[connection] = None
        metrics.sockets.set(len(self.connections))
        surplus = self._holders.add(connection)
        if surplus is not None:
            surplus.close(4290, "too many sockets of this device or person are open")
            self.remove(surplus)

    def remove(self, connection: Connection) -> None:
        """Remove a socket."""
        self.connections.pop(connection, None)
        metrics.sockets.set(len(self.connections))
        self._holders.remove(connection)
        for name in list(connection.topics):
            self.leave(connection, name)

    def join(self, connection: Connection, name: str, head: int) -> list[Message]:
        """Join a socket to a topic of which it knows everything up to `head`; return the later messages.

        `head` was read from the log a moment ago. Later events are in the ring, or among the strays of a topic that
        no socket here had joined. The poll finds all others, because the state keeps this `head`.
        """
        state = self.topics.get(name)
        if state is None:
            state = self.topics[name] = TopicState(name, head, head)
            for stray in self.strays.pop(name, ()):
                self._accept(state, stray)
        state.members[connection] = None
        connection.topics[name] = head
        return [m for m in state.since(head) if m.matcher is None or m.matcher(connection.principal)]

    def covers(self, name: str, head: int) -> bool:
        """Tell whether all messages after `head` are still in memory here."""
        state = self.topics.get(name)
        return state is None or state.head <= head or bool(state.ring and state.ring[0].seq <= head + 1)

    def leave(self, connection: Connection, name: str) -> None:
        """Remove a socket from a topic."""
        connection.topics.pop(name, None)
        if connection.asked:
            connection.asked.discard(name)
        state = self.topics.get(name)
        if state is not None:
            state.members.pop(connection, None)
            if not state.members:
                del self.topics[name]

    def close_session(self, session: UUID, revoked_at: datetime, code: int) -> None:
        """Close the sockets that a session opened before it was revoked; a later sign-in of it stays."""
        for connection in self._holders.of_session(session):
            if connection.opened_at <= revoked_at:
                connection.close(code, CLOSINGS.get(code, ""))

    async def agrees(self, read_in: str) -> bool:
        """Tell whether a read in an epoch is still valid; if the hub has another epoch, the database decides."""
        if read_in != self.epoch:
            self.adopt(await in_thread(epochs.current))
        return read_in == self.epoch

    def adopt(self, epoch: str) -> None:
        """Switch to the epoch of the log. If it is a new one, all local state is void, and all phones reconnect."""
        if epoch == self.epoch:
            return
        before, self.epoch = self.epoch, epoch
        if not before:
            self.strays.clear()  # their epoch is unknown; the next look finds them again
            return
        logger.warning("the log is another since epoch %s: all phones begin anew", epoch)
        self._newest = None
        for kept in (self.topics, self.strays, self._writing):
            kept.clear()
        count = len(self.connections)
        for connection in list(self.connections):
            connection.topics.clear()
            connection.push_text(come_back(count))
            connection.close(RESTARTING, "restarting: reconnect")

    # --- messages -------------------------------------------------------------------------------------------------

    def take(self, messages: Sequence[Message]) -> None:
        """Take messages from the bus or the log, in any order and with repetitions; drop those of other epochs."""
        for message in messages:
            if self.epoch and message.epoch not in (None, self.epoch):
                continue
            state = self.topics.get(message.topic)
            if state is None:
                self.strays.setdefault(message.topic, []).append(message)
            else:
                self._accept(state, message)

    def _lacks(self, message: Message) -> bool:
        state = self.topics.get(message.topic)
        return state is not None and message.seq > state.head

    def _accept(self, state: TopicState, message: Message) -> None:
        if message.seq <= state.head:
            return
        ahead = state.ahead if state.ahead is not None else {}
        ahead[message.seq] = message
        while (following := ahead.pop(state.head + 1, None)) is not None:
            state.keep(following)
            self._deliver(state, following)
        state.ahead = ahead or None
        if ahead:
            self._wanted.set()  # a gap: read the log now, not at the next poll

    def _deliver(self, state: TopicState, message: Message) -> None:
        self.tallies.moved(state.name)
        members = list(state.members)
        if not self._writing and len(members) <= YIELD_EVERY:
            _write(message, members)
            _note_written(state, message)
        else:
            self._writing.append((state, message, members))
            self._to_write.set()

    # --- what never stops -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Receive from the channel layer; while it is down, the poll delivers."""
        while True:
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel("hub")
                await layer.group_add(bus.GROUP, channel)
                while True:
                    await self._receive_one(layer, channel)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                metrics.layer_errors.labels("receive").inc()
                logger.warning("the channel layer is away: %r", error)
                await asyncio.sleep(POLL_S)

    async def _receive_one(self, layer: Any, channel: str) -> None:
        try:
            received = await layer.receive(channel)
        except InvalidToken:  # written to Redis by a stranger, or by a process with another SECRET_KEY
            metrics.layer_errors.labels("forged").inc()
            logger.warning("the channel layer brought a message that none of our processes has sent")
        else:
            self._receive(received)

    def _receive(self, received: dict[str, Any]) -> None:
        if received["type"] == "hub.messages":
            self.take([bus.unpack(packed) for packed in received["messages"]])
        elif received["type"] == "hub.revoked":
            at = datetime.fromisoformat(received["at"])
            self.close_session(UUID(received["session"]), at, received["code"])
        elif received["type"] == "hub.access":
            self.reviews.notice((UUID(id), topic) for id, topic in received["changes"])
        elif received["type"] == "hub.received":
            self.tallies.received(received["topics"])
        elif received["type"] == "hub.wanted":
            bus.note_wanted(received["topics"])

    async def _write(self) -> None:
        """Write to large topics in portions, so that other work of the loop is not delayed."""
        while True:
            await self._to_write.wait()
            self._to_write.clear()
            while self._writing:
                state, message, members = self._writing[0]
                for start in range(0, len(members), YIELD_EVERY):
                    _write(message, members[start : start + YIELD_EVERY])
                    await asyncio.sleep(0)
                _note_written(state, message)
                self._writing.popleft()

    async def _poll(self) -> None:
        """Ask the log once a second, or at once after a gap, which topics moved; deliver missing events."""
        failed = False
        while True:
            try:
                async with asyncio.timeout(
                    POLL_S
                ):  # not wait_for: in Python 3.11 it can swallow a cancellation
                    await self._wanted.wait()
                await asyncio.sleep(0.02)  # messages that crossed on the way need no read
            except TimeoutError:
                pass
            self._wanted.clear()
            self._ticks += 1
            try:
                await self._look(full=failed or self._ticks % settings.MUSTER.heartbeat_s == 0)
                failed = False
                metrics.polls.labels("read").inc()
                metrics.log_read_at.set_to_current_time()
                self.read_at = time.monotonic()
            except Exception as error:
                failed = True  # a database that returns may be another one
                metrics.polls.labels("failed").inc()
                logger.warning("the log could not be read: %r", error)

    async def _look(self, *, full: bool) -> None:
        self.strays.clear()
        if full:
            self.reviews.forget_old()
        heads = {name: state.head for name, state in self.topics.items()}
        missed = await in_thread(look, Known(self.epoch, heads, self._newest), full=full)
        self.adopt(missed.epoch)
        self._newest = missed.newest
        metrics.topics.set(len(self.topics))
        metrics.caught_up.inc(sum(map(self._lacks, missed.messages)))
        self.take(missed.messages)
        for session, revoked_at, code in missed.revoked:
            self.close_session(session, revoked_at, code)
        self.reviews.notice(missed.changes)

    async def _heartbeats(self) -> None:
        """Send a share of the sockets their heads each second, and close sockets with an expired token."""
        every = settings.MUSTER.heartbeat_s
        for second in itertools.count(1):
            await asyncio.sleep(1)
            at = now()
            due = [c for c in self.connections if c.turn == second % every]
            if second // every % REVIEW_EVERY == REVIEW_EVERY - 1:
                self.reviews.put(due)
            for connection in due:
                self._beat(connection, at)
            for connection in list(self.connections):
                expires_at = connection.principal.expires_at
                if expires_at is not None and expires_at <= at:
                    connection.close(4401, "the access token has expired: sign in again")

    def _beat(self, connection: Connection, at: datetime) -> None:
        heads = connection.topics
        through = {name: max(head, self.topics[name].written) for name, head in heads.items()}
        beat = Heartbeat(heads=heads, through=through, server_time=at)
        connection.push_text(beat.model_dump_json())


def _write(message: Message, members: Sequence[Connection]) -> None:
    name, seq, frame = message.topic, message.seq, message.frame
    chosen = members if message.matcher is None else message.matcher.among(members)
    for connection in chosen:
        # The usual path of `push`, without its calls: there are thousands of turns.
        if connection.backlog is not None or not (connection.write_frame and connection.write_frame(frame)):
            connection.push(message)
        if name in connection.topics:
            connection.topics[name] = seq
    metrics.frames_out.inc(len(chosen))  # once for all of them: counting costs about as much as writing


def _note_written(state: TopicState, message: Message) -> None:
    state.written = message.seq
    if message.committed_at is not None:
        metrics.fan_out.observe(max(0.0, time.time() - message.committed_at))


def come_back(count: int) -> str:
    """Return the frame that gives one of so many phones its own time for the reconnect."""
    spread_s = 1 + count / RETURNS_PER_S
    return Restarting(retry_after_s=round(random.uniform(0.5, 0.5 + spread_s), 1)).model_dump_json()


hub = Hub()
