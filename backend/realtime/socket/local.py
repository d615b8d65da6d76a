"""What one process knows of its sockets: the topics that they have joined, and the hub as its parts see it."""

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

    `head` is the last event that was delivered here, `written` the last one that every member in its audience has been
    sent: in a large topic it runs behind.
    """

    name: str
    head: int
    written: int
    members: dict[Connection, None] = field(default_factory=dict)
    ring: deque[Message] | None = None
    """The last messages; None as long as there was none: each phone has a topic of its own."""
    ahead: dict[int, Message] | None = None
    """Messages whose predecessors are missing."""

    def keep(self, message: Message) -> None:
        """Keep the message that comes next."""
        if self.ring is None:
            self.ring = deque(maxlen=RING)
        self.head = message.seq
        self.ring.append(message)

    def since(self, head: int) -> list[Message]:
        """Return the kept messages after `head`."""
        return [message for message in self.ring or () if message.seq > head]


class Watches(Protocol):
    """Tells sockets the counts of topics."""

    def watch(self, connection: Connection, names: Iterable[str]) -> None:
        """Tell a socket the counts of topics that it has joined."""


class LocalHub(Protocol):
    """The hub, as the modules that it consists of use it."""

    connections: dict[Connection, None]
    topics: dict[str, TopicState]

    @property
    def tallies(self) -> Watches:
        """Return what tells the counts of topics."""

    def join(self, connection: Connection, name: str, head: int) -> list[Message]:
        """Join a socket to a topic of which it knows everything up to `head`; returns what came after that."""

    def leave(self, connection: Connection, name: str) -> None:
        """Take a socket out of a topic."""

    def covers(self, name: str, head: int) -> bool:
        """Tell whether what came after `head` here is still in memory."""

    async def agrees(self, read_in: str) -> bool:
        """Tell whether what was read in an epoch still counts."""
