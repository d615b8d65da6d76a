"""Apps of others that report positions."""

import hashlib
from typing import cast

from django.db import models

from backend.lib.datum import Datum
from backend.volunteers.models.accounts import User


def hash_of_secret(secret: str) -> str:
    """Return what is kept of a tracker's secret: it is random and long, so that a plain hash tells nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tracker(models.Model):
    """An app of others (OwnTracks, OsmAnd, Traccar Client) that reports its person's positions, and can do no more."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trackers")
    name = models.CharField(max_length=80, blank=True)
    datum = models.CharField(max_length=5)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def datum_name(self) -> Datum:
        """The datum in which the app measures."""
        return cast(Datum, self.datum)
