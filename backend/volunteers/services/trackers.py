"""Apps of others that report a person's positions: each has a secret of its own, which can do nothing else."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from uuid6 import uuid7

from backend.audit.services import record
from backend.lib.errors import NotFound, NotSignedIn, Refusal
from backend.realtime.frames import FixIn
from backend.realtime.positions import Report, store_reports
from backend.volunteers.models import Tracker, User, Volunteer, hash_of_secret
from backend.volunteers.schemas import TrackerIn, TrackerMade, TrackerOut

GOOD_FOR = timedelta(days=180)
MOST = 10


class TooManyTrackers(Refusal):
    """A person may have 10 trackers; revoke one first."""


@transaction.atomic
def make_tracker(*, wanted: TrackerIn, by: User, at: datetime) -> TrackerMade:
    """Make a tracker; its secret is returned this once, and only its hash is kept. Raises TooManyTrackers."""
    Volunteer.objects.select_for_update().get(user=by)  # two requests at once do not make an eleventh
    if by.trackers.filter(revoked_at=None, expires_at__gt=at).count() >= MOST:
        raise TooManyTrackers
    secret = secrets.token_urlsafe(24)
    tracker = Tracker.objects.create(
        pk=UUID(str(uuid7())),
        user=by,
        name=wanted.name,
        datum=wanted.datum,
        secret_hash=hash_of_secret(secret),
        created_at=at,
        expires_at=at + GOOD_FOR,
    )
    record("tracker.made", subject=f"tracker.{tracker.pk}", by=by, at=at)
    return TrackerMade(**TrackerOut.of(tracker).model_dump(), secret=secret)


@transaction.atomic
def revoke_tracker(*, tracker_id: UUID, by: User, at: datetime) -> None:
    """End a tracker of one's own; what it reported stays."""
    if not by.trackers.filter(pk=tracker_id, revoked_at=None).update(revoked_at=at):
        raise NotFound
    record("tracker.revoked", subject=f"tracker.{tracker_id}", by=by, at=at)


def tracker_by_secret(secret: str, *, at: datetime) -> Tracker:
    """Return whose secret this is. Raises NotSignedIn for one that is unknown, expired or revoked."""
    live = Tracker.objects.select_related("user__volunteer").filter(
        revoked_at=None, expires_at__gt=at, user__is_active=True
    )
    tracker = live.filter(secret_hash=hash_of_secret(secret)).first()
    if tracker is None:
        raise NotSignedIn("This tracker's secret is unknown, expired or revoked.")
    return tracker


def report_by_tracker(*, tracker: Tracker, fix: FixIn, at: datetime) -> bool:
    """Store a tracker's fix as one of its person's phones' would be; False: off duty then, and it left no row."""
    if tracker.last_seen_at is None or tracker.last_seen_at <= at - timedelta(minutes=1):
        Tracker.objects.filter(pk=tracker.pk).update(last_seen_at=at)
    return store_reports([Report(tracker.user.volunteer.number, [fix])], at=at)[0][0]
