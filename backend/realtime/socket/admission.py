"""Limits the sockets that have not signed in, by their address.

Many phones share one address behind a carrier's NAT, so the limits are wide: they stop a flood, not a crowd. An IPv6
network of 64 bits counts as one address.
"""

import time

MAX_UNKNOWN = 2_000
"""Sockets of one address that may wait for the answer to their hello."""
FAILED_AT_ONCE, FAILED_PER_S = 500.0, 20.0
"""Failed hellos of one address: a burst, and a rate per second. A successful hello is free."""
GENUINE_WEIGHS = 0.02
"""The cost of a failure with a genuine token: after an outage a crowd returns with expired tokens."""
MAX_ADDRESSES = 50_000


class Strangers:
    """Counters by address. An unknown address takes no memory."""

    def __init__(self) -> None:
        self._unknown: dict[str, int] = {}
        self._failed: dict[str, tuple[float, float]] = {}
        """The cost of an address's failures, and when it was counted; it decays with time."""

    def may_enter(self, address: str) -> bool:
        """Tell whether another socket of this address may try to sign in; count it if so."""
        waiting = self._unknown.get(address, 0)
        if waiting >= MAX_UNKNOWN or self._weight(address) >= FAILED_AT_ONCE:
            return False
        self._unknown[address] = waiting + 1
        return True

    def known(self, address: str, *, weight: float) -> None:
        """Note that a counted socket has signed in, closed, or failed; a failure has a cost (`weight`)."""
        waiting = self._unknown.get(address, 1) - 1
        if waiting > 0:
            self._unknown[address] = waiting
        else:
            self._unknown.pop(address, None)
        if weight:
            self._note_failure(address, weight)

    def _note_failure(self, address: str, weight: float) -> None:
        if len(self._failed) >= MAX_ADDRESSES:
            self._failed = {one: self._failed[one] for one in list(self._failed) if self._weight(one) > 0}
        if len(self._failed) < MAX_ADDRESSES or address in self._failed:
            self._failed[address] = (self._weight(address) + weight, time.monotonic())

    def _weight(self, address: str) -> float:
        weight, since = self._failed.get(address, (0.0, 0.0))
        return max(0.0, weight - (time.monotonic() - since) * FAILED_PER_S) if weight else 0.0


strangers = Strangers()
