"""Tallies: counts that change by receipts, sent to the sockets of their topic on change, and not stored.

A call-out to 8,000 people brings 8,000 receipts within seconds. As events they would be thousands of rows that are
outdated at once. So the counts of all watched topics are read again together, at most twice a second.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from backend.realtime.connection import Connection
from backend.realtime.frames import TallyFrame
from backend.realtime.log import bus
from backend.realtime.registry import Tallied, registry
from backend.realtime.socket.local import LocalHub
from backend.realtime.sync import in_thread

logger = logging.getLogger(__name__)

TURN_S = 0.5
"""The shortest time between two frames with the counts of a topic."""
PAUSE = 4
"""After a read the database gets a pause of so many times its duration, up to `AGAIN_S`."""
AGAIN_S = 5.0
"""When counts are read again without a known change: the bus may have lost one."""
AGAIN_AT_ONCE = 20
"""Topics that are read again in one turn, the longest waiting ones first."""
WANT_EVERY_S = 10.0
"""How often other processes are asked for receipts; they remember it for `bus.WANTED_S`."""


@dataclass(slots=True)
class _Watched:
    """A watched topic: the topics that its counts depend on, and the sockets that have the newest counts."""

    heard_on: frozenset[str] = frozenset()
    text: str = ""
    told: set[Connection] = field(default_factory=set)
    read_at: float = 0.0
    is_due: bool = True


class Tallies:
    """Sends the counts of one hub's topics."""

    def __init__(self, hub: LocalHub) -> None:
        self.hub = hub
        self._watched: dict[str, _Watched] = {}
        self._of: dict[str, set[str]] = {}
        """The watched topics whose counts depend on receipts in a topic."""
        self._wanted_at = 0.0
        self._some = asyncio.Event()

    def watch(self, connection: Connection, names: Iterable[str]) -> None:
        """Send a socket the counts of its joined topics, if they have any, now and after each change."""
        for name in names:
            if name.partition(".")[0] in registry.tallies:
                watched = self._watched.setdefault(name, _Watched())
                watched.told.discard(connection)
                watched.is_due = True
                self._some.set()

    def moved(self, name: str) -> None:
        """Note an event in a topic: its counts must be read again."""
        if watched := self._watched.get(name):
            watched.is_due = True

    def received(self, topics: Iterable[str]) -> None:
        """Note that receipts were stored in topics, here or in another process."""
        for topic in topics:
            for name in self._of.get(topic, ()):
                self._watched[name].is_due = True

    async def run(self) -> None:
        """Take turns while any topic is watched, for ever."""
        while True:
            await self._some.wait()
            while self._watched:
                began = time.monotonic()
                await self._turn(began)
                pause = PAUSE * (time.monotonic() - began)
                await asyncio.sleep(max(TURN_S, min(pause, AGAIN_S)))
            self._some.clear()

    async def _turn(self, moment: float) -> None:
        self._forget_left()
        due = self._take_due(moment)
        if due:
            await self._read(due)
        if moment - self._wanted_at >= WANT_EVERY_S:
            self._want()

    def _forget_left(self) -> None:
        """Forget topics that no socket here has joined."""
        left = [name for name in self._watched if name not in self.hub.topics]
        for name in left:
            del self._watched[name]
        if left:
            self._map()

    def _take_due(self, moment: float) -> list[str]:
        """Return the topics that are due now. Changes during the read are for the next turn."""
        due = [name for name, watched in self._watched.items() if watched.is_due]
        old = [
            name for name, one in self._watched.items() if not one.is_due and moment - one.read_at > AGAIN_S
        ]
        due += islice(sorted(old, key=lambda name: self._watched[name].read_at), AGAIN_AT_ONCE)
        for name in due:
            self._watched[name].is_due = False
            self._watched[name].read_at = moment
        return due

    async def _read(self, names: Collection[str]) -> None:
        try:
            found = await in_thread(read_tallies, names)
        except Exception as error:
            logger.warning("counts could not be read: %r", error)
            for name in names:
                self._watched[name].is_due = True
            return
        for name, tallied in found.items():
            self._tell(name, tallied)
        if [name for name, tallied in found.items() if self._follow(name, tallied.heard_on)]:
            self._map()
            self._want()

    def _follow(self, name: str, heard_on: frozenset[str]) -> bool:
        """Note the topics that the counts depend on; changes before that are read in the next turn."""
        watched = self._watched[name]
        before, watched.heard_on = watched.heard_on, heard_on
        watched.is_due |= not heard_on <= before
        return heard_on != before

    def _tell(self, name: str, tallied: Tallied) -> None:
        watched, state = self._watched[name], self.hub.topics.get(name)
        if state is None:
            return
        kind = name.partition(".")[0]
        frame = TallyFrame(
            topic=name, type=registry.tallies[kind].type, data=tallied.counts.model_dump(mode="json")
        )
        text = frame.model_dump_json()
        is_other, watched.text = text != watched.text, text
        for connection in state.members:
            if is_other or connection not in watched.told:
                connection.push_text(text)
        watched.told = set(state.members)

    def _map(self) -> None:
        self._of = {}
        for name, watched in self._watched.items():
            for topic in watched.heard_on:
                self._of.setdefault(topic, set()).add(name)

    def _want(self) -> None:
        self._wanted_at = time.monotonic()
        bus.want_received(list(self._of))


def read_tallies(names: Collection[str]) -> dict[str, Tallied]:
    """Return the counts of topics, batched by kind; runs in a thread."""
    ids: dict[str, dict[str, str]] = {}
    for name in names:
        kind, _, id = name.partition(".")
        ids.setdefault(kind, {})[id] = name
    found: dict[str, Tallied] = {}
    for kind, named in ids.items():
        read: Mapping[str, Tallied] = registry.tallies[kind].read(list(named))
        found |= {named[id]: tallied for id, tallied in read.items()}
    return found
