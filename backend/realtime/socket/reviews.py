"""Reviews of sockets: they join topics that their people have gained, and leave topics that these have lost."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from backend.realtime import metrics
from backend.realtime.access import WATCHERS
from backend.realtime.connection import Connection
from backend.realtime.frames import Joined, TopicJoined, TopicRevoked
from backend.realtime.registry import registry
from backend.realtime.socket.holdings import Holding, Reviewed, review
from backend.realtime.socket.local import LocalHub
from backend.realtime.socket.topic_joins import admit
from backend.realtime.sync import in_thread

logger = logging.getLogger(__name__)

TOGETHER = 200
"""Sockets whose people are read in one batch."""
COLLECT_S = 0.05
"""How long a change waits for others: a merge of units names many topics."""
AGAIN_S = 1.0
"""Back-off after a failed read of the database."""
REMEMBERED_S = 900.0
"""How long a change is remembered: the poll looks back so far, for rows of long transactions."""


@dataclass
class Reviews:
    """The changes that one hub knows, and the sockets that wait for a review."""

    hub: LocalHub
    _heard: dict[UUID, float] = field(default_factory=dict)
    _heard_of: dict[str, float] = field(default_factory=dict)
    """When a change of each topic was last heard; a socket whose topics were read before it is reviewed again."""
    _waiting: dict[Connection, None] = field(default_factory=dict)
    _some_wait: asyncio.Event = field(default_factory=asyncio.Event)

    def notice(self, changes: Iterable[tuple[UUID, str]]) -> None:
        """Take changes from the bus or from the table, in any order and with repetitions."""
        moment = time.monotonic()
        fresh = [(id, topic) for id, topic in changes if id not in self._heard]
        if not fresh:
            return
        for forget in registry.forgets:
            forget()
        for id, topic in fresh:
            self._heard[id] = self._heard_of[topic] = moment
            self.put(self._concerned(topic))

    def _concerned(self, topic: str) -> list[Connection]:
        if topic == WATCHERS:
            return [connection for connection in self.hub.connections if connection.asked]
        state = self.hub.topics.get(topic)
        return list(state.members) if state else []

    def put(self, connections: Iterable[Connection]) -> None:
        """Queue sockets for a review."""
        self._waiting.update(dict.fromkeys(connections))
        if self._waiting:
            self._some_wait.set()

    def put_if_changed(self, connection: Connection, since: float) -> None:
        """Queue a socket for a review if its topics were read before a change that is known by now.

        The read may have been too early for that change, and the socket had not joined when it was announced.
        """
        names = [*connection.topics, *([WATCHERS] if connection.asked else [])]
        if any(self._heard_of.get(name, 0.0) >= since for name in names):
            self.put([connection])

    def forget_old(self) -> None:
        """Forget changes that the poll no longer returns."""
        oldest = time.monotonic() - REMEMBERED_S
        self._heard = {id: moment for id, moment in self._heard.items() if moment > oldest}
        self._heard_of = {name: moment for name, moment in self._heard_of.items() if moment > oldest}

    async def run(self) -> None:
        """Review the waiting sockets, some hundreds at a time, as long as the hub lives."""
        while True:
            await self._some_wait.wait()
            await asyncio.sleep(COLLECT_S)
            self._some_wait.clear()
            while self._waiting:
                together = list(self._waiting)[:TOGETHER]
                for connection in together:
                    del self._waiting[connection]
                await self._review([one for one in together if one in self.hub.connections])

    async def _review(self, together: Sequence[Connection]) -> None:
        began = time.monotonic()
        holdings = [Holding(connection.principal, list(connection.topics)) for connection in together]
        try:
            found = await in_thread(review, holdings)
        except Exception as error:
            logger.warning("access could not be reviewed: %r", error)
            self.put(together)
            await asyncio.sleep(AGAIN_S)
            return
        for connection, reviewed in zip(together, found, strict=True):
            if connection in self.hub.connections:
                await self._follow(connection, reviewed, began)

    async def _follow(self, connection: Connection, reviewed: Reviewed, began: float) -> None:
        """Remove a socket from lost topics and join it to gained ones."""
        connection.principal = replace(connection.principal, tags=reviewed.tags)
        for name in reviewed.lost:
            if name in connection.topics:
                self.hub.leave(connection, name)
                connection.push_text(TopicRevoked(topic=name).model_dump_json())
                metrics.access.labels("revoked").inc()
        if connection.asked:
            connection.asked.difference_update(reviewed.own)
        gained = reviewed.gained.without(connection.topics)
        if gained.topics:
            await admit(self.hub, connection, gained, _frames)
            metrics.access.labels("joined").inc(len(gained.topics))
        self.put_if_changed(connection, began)


def _frames(topics: dict[str, Joined]) -> list[str]:
    return [
        TopicJoined(topic=name, head=joined.head, snapshot=joined.snapshot or {}).model_dump_json()
        for name, joined in topics.items()
    ]
