"""Bounds how often something may happen for each of many keys: so often at once, and so often a second after that."""

import threading
import time
from collections.abc import Callable

MAX_KEYS = 50_000


class Buckets:
    """A bucket for each key. One that is empty, as nearly all are, costs no memory."""

    def __init__(self, *, at_once: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_once, self.per_s = at_once, per_s
        self._clock = clock
        self._lock = threading.Lock()
        self._filled: dict[str, tuple[float, float]] = {}
        """How full a bucket was, and since when it has been running out."""

    def take(self, key: str) -> float:
        """Count once more for a key; return 0, or the seconds after which there is room when there is none now."""
        with self._lock:
            level = self._level(key) + 1
            if level > self.at_once:
                return (level - self.at_once) / self.per_s
            self._fill(key, level)
            return 0.0

    def give_back(self, key: str) -> None:
        """Count once less for a key."""
        with self._lock:
            self._fill(key, self._level(key) - 1)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._filled.clear()

    def _level(self, key: str) -> float:
        level, since = self._filled.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - since) * self.per_s) if level else 0.0

    def _fill(self, key: str, level: float) -> None:
        """Set how full a bucket is; of too many the one is forgotten that was used the longest ago."""
        self._filled.pop(key, None)
        if level > 0:
            self._filled[key] = (level, self._clock())
        if len(self._filled) > MAX_KEYS:
            del self._filled[next(iter(self._filled))]
