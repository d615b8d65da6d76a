"""Keep-alive of all sockets of a process on one timer: finds dead peers and unanswered closes."""

import asyncio
import itertools
from typing import Protocol

PULSE_S = 20
"""Each socket has its turn once in this time."""
HEARD_WITHIN_S = 35.0
"""Silence after which a peer that answers no ping counts as dead; it is found within 55 seconds."""
WRITE_WITHIN_S = 30.0
"""Time after which a peer that has not read a byte counts as stuck."""
CLOSE_WITHIN_S = 10.0
"""Time limit of a peer for the answer to a close."""


class Beating(Protocol):
    """A socket that takes turns."""

    turn: int

    def beat(self, moment: float) -> None: ...


class Pulse:
    """Gives each second a share of a loop's sockets their turn."""

    _running: "dict[asyncio.AbstractEventLoop, Pulse]" = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._turns = itertools.cycle(range(PULSE_S))
        self._shares: list[dict[Beating, None]] = [{} for _ in range(PULSE_S)]
        self._now = itertools.cycle(range(PULSE_S))
        loop.call_later(1, self._beat)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Pulse":
        """Return the timer of a loop."""
        pulse = cls._running.get(loop)
        if pulse is None:
            pulse = cls._running[loop] = cls(loop)
        return pulse

    def add(self, socket: Beating) -> None:
        """Add a socket to the rounds."""
        socket.turn = next(self._turns)
        self._shares[socket.turn][socket] = None

    def remove(self, socket: Beating) -> None:
        """Remove a socket."""
        self._shares[socket.turn].pop(socket, None)

    def _beat(self) -> None:
        self._loop.call_later(1, self._beat)
        moment = self._loop.time()
        for socket in list(self._shares[next(self._now)]):
            socket.beat(moment)
