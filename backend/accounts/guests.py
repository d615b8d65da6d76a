"""Bounds what an address may ask for without a token.

Many phones share one address behind a carrier's translation, so the bounds are wide: they stop a flood, not a crowd.
They hold for each process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from backend.lib.buckets import Buckets
from backend.lib.errors import Allowance, TooMany
from backend.lib.proxies import neighbourhood

requests = Buckets(at_once=2_000, per_s=100.0)
"""Requests to doors that ask for no token."""
guesses = Buckets(at_once=500, per_s=20.0)
"""Sign-ins; those that are right cost nothing of it."""


@contextmanager
def guessing(address: str | None) -> Iterator[None]:
    """Let an address try to sign in: it costs something unless the block comes to its end. Raises TooMany."""
    key = address or ""
    if wait_s := guesses.take(key):
        limit = Allowance("sign-ins", guesses.at_once, ceil(guesses.at_once / guesses.per_s))
        raise TooMany("Too many sign-ins of your address fail.", retry_after_s=ceil(wait_s), limit=limit)
    yield
    guesses.give_back(key)


class GuestThrottle(BaseThrottle):
    """Counts requests without a token, by their address (DRF's throttle of every view)."""

    wait_s = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002  # DRF's
        """Tell whether the request may go on."""
        if request.auth is not None:
            return True
        self.wait_s = requests.take(neighbourhood(request.META.get("REMOTE_ADDR", "")) or "")
        return not self.wait_s

    def wait(self) -> float:
        """Return the seconds after which there is room again."""
        return self.wait_s
