"""Revoked sessions: the hubs close their sockets within a second."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.realtime.log import bus
from backend.realtime.models import Revocation

SIGNED_OUT, NUMBER_CHANGED = 4403, 4404
"""Close codes: the device is signed out; or the person has another number, and the phone reconnects."""


def revoke_session(session: UUID, *, at: datetime, code: int = SIGNED_OUT) -> None:
    """Close every socket of a session (device) after the commit, with one of the two codes.

    The row decides: hubs that miss the announcement find it by their poll.
    """
    Revocation.objects.create(session=session, at=at, code=code)
    transaction.on_commit(lambda: bus.announce_revoked(session, at, code))
