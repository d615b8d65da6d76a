"""Badges: the cards by which any person can check that the holder is a volunteer."""

from datetime import UTC, datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models.people import Volunteer, is_serving
from backend.volunteers.models.units import Unit


class BadgeQuerySet(models.QuerySet["Badge"]):
    """Badges, by whether they are good."""

    def not_revoked(self) -> Self:
        """Return those that were not revoked; each volunteer has one at most."""
        return self.filter(revoked_at=None)

    def not_run_out(self, at: datetime) -> Self:
        """Return those whose last day, in UTC, is not over."""
        return self.filter(valid_until__gte=at.astimezone(UTC).date())

    def good(self, at: datetime) -> Self:
        """Return those that an online check finds valid."""
        return self.not_run_out(at).filter(_is_good())

    def good_no_more(self, at: datetime) -> Self:
        """Return those whose last day is not over, and that are revoked or of people who are not in service."""
        return self.not_run_out(at).exclude(_is_good())


def _is_good() -> Q:
    return Q(revoked_at=None) & is_serving("volunteer__")


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

    objects = BadgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer"], condition=Q(revoked_at__isnull=True), name="badge_one_good"
            )
        ]

    def has_run_out(self, at: datetime) -> bool:
        """Tell whether the last day is over at `at`."""
        return self.valid_until < at.astimezone(UTC).date()

    def revoke(self, *, at: datetime, reason: str) -> list[str]:
        """Say that the badge is good no more, and why; returns the columns to save."""
        self.revoked_at, self.reason = at, reason
        return ["revoked_at", "reason"]


class Photo(models.Model):
    """The picture of a person, as it stands on the badge."""

    volunteer = models.OneToOneField(
        Volunteer, on_delete=models.CASCADE, primary_key=True, related_name="photo"
    )
    jpeg = models.BinaryField()
    kept_at = models.DateTimeField()


class SignKind(models.TextChoices):
    """Where a sign of a unit is worn or fixed."""

    ARM_BAND = "arm_band", _("Arm band")
    VEST = "vest", _("Vest")
    VEHICLE_PLATE = "vehicle_plate", _("Vehicle plate")
    DOOR_PLATE = "door_plate", _("Door plate")


class Paper(models.TextChoices):
    """What signs are printed on: sheets to cut, or a roll of which each sign is a page."""

    A4 = "a4", _("A4 sheets")
    ROLL = "roll", _("Roll")
