"""The tables of other makers' apps that report positions."""

import hashlib
from datetime import datetime, timedelta
from typing import Self, cast

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.lib.datum import Datum

DAY = timedelta(days=1)


def hash_of_secret(secret: str) -> str:
    """Return the stored hash of a tracker's secret; the secret is random and long, so a plain hash is safe."""
    return hashlib.sha256(secret.encode()).hexdigest()


class WhyNotStored(models.TextChoices):
    """The reason why a tracker's report was not stored."""

    NO_PLACE = "no_place"
    NO_TIME = "no_time"
    UNREADABLE = "unreadable"
    OFF_DUTY = "off_duty"
    NO_CONSENT = "no_consent"
    FUTURE = "future"
    TOO_OLD = "too_old"


class TrackerQuerySet(models.QuerySet["Tracker"]):
    """Trackers, by whether their secret opens."""

    def not_revoked(self) -> Self:
        """Return those that were not revoked; they may have run out."""
        return self.filter(revoked_at=None)

    def good(self, at: datetime) -> Self:
        """Return those that may report: until `expires_at`, and not at that moment."""
        return self.not_revoked().filter(expires_at__gt=at)

    def over_since(self, moment: datetime) -> Self:
        """Return those that were revoked or ran out before a moment."""
        return self.filter(Q(revoked_at__lt=moment) | Q(expires_at__lt=moment))


class Tracker(models.Model):
    """Another maker's app (OwnTracks, OsmAnd, Traccar Client) with the one right to report its person's positions."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trackers")
    name = models.CharField(max_length=80, blank=True)
    datum = models.CharField(max_length=5)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    last_stored_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TrackerQuerySet.as_manager()

    @property
    def stores_nothing(self) -> bool:
        """Whether it has reported for at least a day without a single stored fix."""
        began = self.last_stored_at or self.created_at
        return self.last_seen_at is not None and self.last_seen_at - began >= DAY

    @property
    def datum_name(self) -> Datum:
        """The datum of the app's positions."""
        return cast(Datum, self.datum)


class TrackerDay(models.Model):
    """The number of a tracker's reports that were not stored on a day (UTC), for one reason."""

    tracker = models.ForeignKey(Tracker, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(db_index=True)
    reason = models.CharField(max_length=10, choices=WhyNotStored.choices)
    count = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tracker", "day", "reason"], name="tracker_day_reason")
        ]
