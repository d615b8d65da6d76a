"""Badges: the cards by which anybody can check that a volunteer is one."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.volunteers.models.people import Volunteer
from backend.volunteers.models.units import Unit


class Badge(models.Model):
    """A card of a volunteer in a unit; a new one revokes the one before."""

    id = models.UUIDField(
        primary_key=True, help_text="made by the client: asking again issues no second badge"
    )
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="badges")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", help_text="when it was issued")
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateField(db_index=True, help_text="the last day, in UTC")
    revoked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer"], condition=Q(revoked_at__isnull=True), name="badge_one_good"
            )
        ]

    def has_run_out(self, at: datetime) -> bool:
        """Tell whether the last day is over at `at`."""
        return self.valid_until < at.astimezone(UTC).date()


class Photo(models.Model):
    """The picture of a person, as it stands on the badge."""

    volunteer = models.OneToOneField(
        Volunteer, on_delete=models.CASCADE, primary_key=True, related_name="photo"
    )
    jpeg = models.BinaryField()
    kept_at = models.DateTimeField()
