"""One clock for all sockets of a process: finds dead peers and unanswered closes, without timers per socket."""

import asyncio
import itertools
from typing import Protocol

PULSE_S = 20
"""Each socket has its turn once in this time."""
HEARD_WITHIN_S = 35.0
"""A peer that has not even answered a ping for so long is dead; it is found within 55 seconds."""
WRITE_WITHIN_S = 30.0
"""A peer that has not made room for a byte for so long is not reading at all."""
CLOSE_WITHIN_S = 10.0
"""How long a peer may take to answer a close."""


class Beating(Protocol):
    """A socket that wants its turn."""

    turn: int

    def beat(self, moment: float) -> None: ...


class Pulse:
    """Gives a share of the sockets of a loop their turn each second."""

    _running: "dict[asyncio.AbstractEventLoop, Pulse]" = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._turns = itertools.cycle(range(PULSE_S))
        self._shares: list[dict[Beating, None]] = [{} for _ in range(PULSE_S)]
        self._now = itertools.cycle(range(PULSE_S))
        loop.call_later(1, self._beat)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Pulse":
        """Return the pulse of a loop."""
        pulse = cls._running.get(loop)
        if pulse is None:
            pulse = cls._running[loop] = cls(loop)
        return pulse

    def add(self, socket: Beating) -> None:
        """Give a socket its turns from now on."""
        socket.turn = next(self._turns)
        self._shares[socket.turn][socket] = None

    def remove(self, socket: Beating) -> None:
        """Forget a socket."""
        self._shares[socket.turn].pop(socket, None)

    def _beat(self) -> None:
        self._loop.call_later(1, self._beat)
        moment = self._loop.time()
        for socket in list(self._shares[next(self._now)]):
            socket.beat(moment)
