"""Other makers' apps that report a person's positions: each has its own secret, which allows nothing else."""

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

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import NotFound, NotSignedIn, Refusal
from backend.tracking.acts import Acts
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
    volunteers_to_lock().get(user=by)  # two concurrent requests must not make an eleventh
    if by.trackers.good(at).count() >= MOST:
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
    with acting(by=by, at=at) as act:
        act.record(Acts.TRACKER_MADE, f"tracker.{tracker.pk}")
    return TrackerMade(**TrackerOut.of(tracker).model_dump(), secret=secret)


@transaction.atomic
def revoke_tracker(*, tracker_id: UUID, by: User, at: datetime) -> None:
    """End one of the caller's trackers; its reports stay."""
    if not by.trackers.not_revoked().filter(pk=tracker_id).update(revoked_at=at):
        raise NotFound
    with acting(by=by, at=at) as act:
        act.record(Acts.TRACKER_REVOKED, f"tracker.{tracker_id}")


def revoke_trackers(*, user: User, at: datetime) -> None:
    """End the trackers of a user whose account is closed."""
    user.trackers.not_revoked().update(revoked_at=at)


def tracker_by_secret(secret: str, *, at: datetime) -> Tracker:
    """Return the tracker of a secret. Raises NotSignedIn for a secret that is unknown, expired or revoked."""
    live = Tracker.objects.good(at).filter(user__is_active=True).select_related("user__volunteer")
    tracker = live.filter(secret_hash=hash_of_secret(secret)).first()
    if tracker is None:
        raise NotSignedIn("This tracker's secret is unknown, expired or revoked.")
    return tracker


def report_by_tracker(*, tracker: Tracker, told: Sequence[Told], at: datetime) -> None:
    """Store a tracker's fixes like those of its person's phones, and count the unstored ones by reason."""
    _touch(tracker, "last_seen_at", at)
    fixes = [one for one in told if isinstance(one, FixIn)]
    verdicts = store_fixes([Report(tracker.user.volunteer.number, fixes)], at=at)[0] if fixes else []
    if any(verdict in TAKEN for verdict in verdicts):
        _touch(tracker, "last_stored_at", at)
    reasons = [one for one in (*told, *verdicts) if not isinstance(one, FixIn) and one not in TAKEN]
    for reason, count in Counter(reasons).items():
        _count(tracker, WhyNotStored(reason), count, at)


def _touch(tracker: Tracker, column: Literal["last_seen_at", "last_stored_at"], at: datetime) -> None:
    """Write a moment, at most once a minute."""
    before = getattr(tracker, column)
    if before is None or before <= at - MINUTE:
        Tracker.objects.filter(pk=tracker.pk).update(**{column: at})


def _count(tracker: Tracker, reason: WhyNotStored, count: int, at: datetime) -> None:
    line, new = TrackerDay.objects.get_or_create(
        tracker=tracker, day=at.date(), reason=reason, defaults={"count": count, "last_at": at}
    )
    if not new:
        TrackerDay.objects.filter(pk=line.pk).update(count=F("count") + count, last_at=at)
