"""Apps of others that report a person's positions: each has a secret of its own, which can do nothing else."""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.services import record
from backend.lib.errors import NotFound, NotSignedIn, Refusal
from backend.tracking.judging import Report
from backend.tracking.models import Tracker, TrackerDay, WhyNotStored, hash_of_secret
from backend.tracking.positions import TAKEN, store_fixes
from backend.tracking.schemas.positions import FixIn
from backend.tracking.schemas.trackers import TrackerIn, TrackerMade, TrackerOut
from backend.tracking.tracker_formats import Told
from backend.volunteers.locks import volunteers_to_lock

GOOD_FOR = timedelta(days=180)
MOST = 10
MINUTE = timedelta(minutes=1)


class TooManyTrackers(Refusal):
    """A person may have 10 trackers; revoke one first."""

    slug = "too-many-trackers"
    text = _("You have ten trackers already: end one first.")


@transaction.atomic
def make_tracker(*, wanted: TrackerIn, by: User, at: datetime) -> TrackerMade:
    """Make a tracker; its secret is returned this once, and only its hash is kept. Raises TooManyTrackers."""
    volunteers_to_lock().get(user=by)  # two requests at once do not make an eleventh
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


def revoke_trackers(*, user: User, at: datetime) -> None:
    """End the trackers of a user whose account is closed."""
    Tracker.objects.filter(user=user, revoked_at=None).update(revoked_at=at)


def tracker_by_secret(secret: str, *, at: datetime) -> Tracker:
    """Return whose secret this is. Raises NotSignedIn for one that is unknown, expired or revoked."""
    live = Tracker.objects.select_related("user__volunteer").filter(
        revoked_at=None, expires_at__gt=at, user__is_active=True
    )
    tracker = live.filter(secret_hash=hash_of_secret(secret)).first()
    if tracker is None:
        raise NotSignedIn("This tracker's secret is unknown, expired or revoked.")
    return tracker


def report_by_tracker(*, tracker: Tracker, told: Sequence[Told], at: datetime) -> None:
    """Store a tracker's fixes as those of its person's phones are, and count what could not be stored, by reason."""
    _touch(tracker, "last_seen_at", at)
    fixes = [one for one in told if isinstance(one, FixIn)]
    verdicts = store_fixes([Report(tracker.user.volunteer.number, fixes)], at=at)[0] if fixes else []
    if any(verdict in TAKEN for verdict in verdicts):
        _touch(tracker, "last_stored_at", at)
    reasons = [one for one in (*told, *verdicts) if not isinstance(one, FixIn) and one not in TAKEN]
    for reason, count in Counter(reasons).items():
        _count(tracker, WhyNotStored(reason), count, at)


def _touch(tracker: Tracker, column: Literal["last_seen_at", "last_stored_at"], at: datetime) -> None:
    """Write down when, at most once a minute."""
    before = getattr(tracker, column)
    if before is None or before <= at - MINUTE:
        Tracker.objects.filter(pk=tracker.pk).update(**{column: at})


def _count(tracker: Tracker, reason: WhyNotStored, count: int, at: datetime) -> None:
    line, new = TrackerDay.objects.get_or_create(
        tracker=tracker, day=at.date(), reason=reason, defaults={"count": count, "last_at": at}
    )
    if not new:
        TrackerDay.objects.filter(pk=line.pk).update(count=F("count") + count, last_at=at)
