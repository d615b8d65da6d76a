"""The state of one process's sockets: their joined topics, and the interface of the hub for its parts."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from backend.realtime.connection import Connection
from backend.realtime.frames import Message

RING = 256
"""Messages of a topic kept in memory, so that joining and resuming need no second read."""


@dataclass(slots=True)
class TopicState:
    """A topic that sockets of this process have joined.

    `head` is the last event that was delivered here. `written` is the last event that was sent to every member in its
    audience; in a large topic it lags behind.
    """

    name: str
    head: int
    written: int
    members: dict[Connection, None] = field(default_factory=dict)
    ring: deque[Message] | None = None
    """The last messages; None until the first one: each phone has a topic of its own."""
    ahead: dict[int, Message] | None = None
    """Messages whose predecessors are missing."""

    def keep(self, message: Message) -> None:
        """Store the next message."""
        if self.ring is None:
            self.ring = deque(maxlen=RING)
        self.head = message.seq
        self.ring.append(message)

    def since(self, head: int) -> list[Message]:
        """Return the stored messages after `head`."""
        return [message for message in self.ring or () if message.seq > head]


class Watches(Protocol):
    """Sends sockets the counts of topics."""

    def watch(self, connection: Connection, names: Iterable[str]) -> None:
        """Send a socket the counts of topics that it has joined."""


class LocalHub(Protocol):
    """The hub's interface for its own modules."""

    connections: dict[Connection, None]
    topics: dict[str, TopicState]

    @property
    def tallies(self) -> Watches:
        """Return the sender of the counts of topics."""

    def join(self, connection: Connection, name: str, head: int) -> list[Message]:
        """Join a socket to a topic of which it knows everything up to `head`; return the later messages."""

    def leave(self, connection: Connection, name: str) -> None:
        """Remove a socket from a topic."""

    def covers(self, name: str, head: int) -> bool:
        """Tell whether all messages after `head` are still in memory here."""

    async def agrees(self, read_in: str) -> bool:
        """Tell whether a read in an epoch is still valid."""
