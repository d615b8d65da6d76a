"""Revoked sessions: the hubs close their sockets within a second."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.realtime import bus
from backend.realtime.models import Revocation


def revoke_session(session: UUID, *, at: datetime) -> None:
    """Close every socket of a session (device) once the transaction has committed.

    The row is what counts: hubs that miss the announcement find it by their poll.
    """
    Revocation.objects.create(session=session, at=at)
    transaction.on_commit(lambda: bus.announce_revoked(session, at))
