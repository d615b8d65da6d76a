"""A bounded queue for expensive work: few run at once, a few more wait, and all others are refused at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import prometheus_client
from django.db import connection

from backend.lib.errors import Busy

refused = prometheus_client.Counter("muster_turns_refused", "Turns that were refused, by of what.", ["what"])


class Turns:
    """`at_once` threads run, `waiting` more wait for at most `patience_s`. A nested turn of a thread is free."""

    def __init__(self, what: str, *, at_once: int, waiting: int, patience_s: float) -> None:
        self._what, self._patience_s = what, patience_s
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._turns = threading.BoundedSemaphore(at_once)
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it while the block runs. Raises Busy.

        A waiting thread gives its database connection back, so that others can use it.
        """
        if getattr(self._mine, "taken", False):
            yield
            return
        give_back_connection()
        with self._place():
            self._mine.taken = True
            try:
                yield
            finally:
                self._mine.taken = False

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise self._refusal()
        try:
            if not self._turns.acquire(timeout=self._patience_s):
                raise self._refusal()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()

    def _refusal(self) -> Busy:
        refused.labels(self._what).inc()
        return Busy()


def give_back_connection() -> None:
    """Return this thread's connection to the pool, unless a transaction is open; the next query takes another one."""
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        connection.close()
