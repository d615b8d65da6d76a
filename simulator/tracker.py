"""A phone's positions, queued until the server confirms that they are stored."""

import time
from typing import Any

from simulator.habits import Walk

MAX_UNSTORED = 100


class Tracker:
    """Numbers position frames and queues them until confirmed: the phone's queue is the durable one."""

    def __init__(self) -> None:
        self.walk: Walk | None = None
        self.stored = 0
        self.refused = 0
        self.unstored: dict[int, list[dict[str, Any]]] = {}
        self._last = int(time.time() * 1000)

    def report(self, seconds: float) -> dict[str, Any] | None:
        """Walk on for so many seconds and return the frame to send; None until the place to walk is known."""
        if self.walk is None:
            return None
        self._last += 1
        self.unstored[self._last] = [self.walk.step(seconds)]
        while len(self.unstored) > MAX_UNSTORED:
            del self.unstored[min(self.unstored)]
        return self._frame(self._last)

    def unconfirmed(self) -> list[dict[str, Any]]:
        """Return the frames that the last socket did not confirm."""
        return [self._frame(number) for number in self.unstored]

    def confirm(self, number: int, refused: int) -> None:
        """Remove a frame that the server has confirmed."""
        fixes = self.unstored.pop(number, [])
        self.stored += max(0, len(fixes) - refused)
        self.refused += refused

    def _frame(self, number: int) -> dict[str, Any]:
        return {"type": "position", "n": number, "fixes": self.unstored[number]}
