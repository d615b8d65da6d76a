"""Revoked sessions: the hubs close their sockets within a second."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from backend.realtime.log import bus
from backend.realtime.models import Revocation

SIGNED_OUT, NUMBER_CHANGED = 4403, 4404
"""Close codes: the device is signed out; or the person has another number, and the phone reconnects."""

Ended = Iterable[tuple[UUID, int]]
"""Sessions (devices) that have ended, each with the code that closes its sockets."""


def store_ended(sessions: Ended, *, at: datetime) -> None:
    """Store that sessions have ended. The rows decide: hubs that miss the announcement find them by their poll."""
    rows = [Revocation(session=session, at=at, code=code) for session, code in sessions]
    if rows:
        Revocation.objects.bulk_create(rows)


def announce_ended(sessions: Ended, *, at: datetime) -> None:
    """Tell the hubs, once the transaction has committed and its news are on their way."""
    for session, code in sessions:
        bus.announce_revoked(session, at, code)
