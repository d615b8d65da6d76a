"""Token buckets: a burst at once, then a steady rate per second."""

import threading
import time
from collections.abc import Callable

MAX_KEYS = 50_000


class Bucket:
    """One token bucket, of one socket: no lock, and no dictionary, on the way of every frame."""

    __slots__ = ("_at_once", "_left", "_per_s", "_since")

    def __init__(self, *, at_once: float, per_s: float) -> None:
        self._at_once, self._per_s = at_once, per_s
        self._left, self._since = at_once, time.monotonic()

    def take(self) -> bool:
        """Take one token; False when the bucket is empty. What is asked for in vain is counted too."""
        moment = time.monotonic()
        self._left = min(self._at_once, self._left + (moment - self._since) * self._per_s) - 1
        self._since = moment
        return self._left >= 0


class Buckets:
    """A token bucket for each key. An unused bucket takes no memory, and nearly all are unused."""

    def __init__(self, *, at_once: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_once, self.per_s = at_once, per_s
        self._clock = clock
        self._lock = threading.Lock()
        self._filled: dict[str, tuple[float, float]] = {}
        """The tokens that were taken from a bucket, and when they were counted; they come back with time."""

    def take(self, key: str) -> float:
        """Take one token for a key. Return 0, or the seconds until the next token when there is none now."""
        with self._lock:
            level = self._level(key) + 1
            if level > self.at_once:
                return (level - self.at_once) / self.per_s
            self._fill(key, level)
            return 0.0

    def give_back(self, key: str) -> None:
        """Put one token of a key back."""
        with self._lock:
            self._fill(key, self._level(key) - 1)

    def clear(self) -> None:
        """Forget all buckets: each is full of tokens again."""
        with self._lock:
            self._filled.clear()

    def _level(self, key: str) -> float:
        level, since = self._filled.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - since) * self.per_s) if level else 0.0

    def _fill(self, key: str, level: float) -> None:
        """Set how many tokens of a bucket are taken; of too many buckets the least recently used is dropped."""
        self._filled.pop(key, None)
        if level > 0:
            self._filled[key] = (level, self._clock())
        if len(self._filled) > MAX_KEYS:
            del self._filled[next(iter(self._filled))]
