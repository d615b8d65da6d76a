"""The open sockets of each device and each person, and the limit of their number."""

from typing import TypeVar
from uuid import UUID

from backend.realtime.connection import Connection

MOST_OF_DEVICE = 20
"""A browser is one device, and each of its tabs has a socket."""
MOST_OF_PERSON = 60

Sockets = tuple[Connection, ...]
_Key = TypeVar("_Key", int, UUID)


class Holders:
    """The open sockets by the sign-in of a device, and by person; tuples, because nearly all have one socket."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, Sockets] = {}
        self._people: dict[int, Sockets] = {}

    def add(self, connection: Connection) -> Connection | None:
        """Take in a socket; return the oldest one that is now too many of its device or person.

        The oldest and not the newest: it may be dead already, while the phone has come back.
        """
        person, session = connection.principal.person, connection.principal.session
        own = self._sessions.get(session, ())
        others = self._people.get(person, ())
        alone = (connection,)  # one tuple for both, as nearly all need no other
        self._sessions[session] = (*own, connection) if own else alone
        self._people[person] = (*others, connection) if others else alone
        if len(own) >= MOST_OF_DEVICE:
            return own[0]
        return others[0] if len(others) >= MOST_OF_PERSON else None

    def remove(self, connection: Connection) -> None:
        """Remove a socket."""
        _take_out(self._sessions, connection.principal.session, connection)
        _take_out(self._people, connection.principal.person, connection)

    def of_session(self, session: UUID) -> Sockets:
        """Return the sockets of one sign-in."""
        return self._sessions.get(session, ())


def _take_out(found: dict[_Key, Sockets], key: _Key, connection: Connection) -> None:
    left = tuple(other for other in found.pop(key, ()) if other is not connection)
    if left:
        found[key] = left
