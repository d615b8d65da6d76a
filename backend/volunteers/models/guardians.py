"""Guardians: parents and others who answer for minors."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.lib.encryption import seal, unseal
from backend.volunteers.models.people import Volunteer


class GuardianQuerySet(models.QuerySet["Guardian"]):
    """Guardians, by whether they agree."""

    def not_withdrawn(self) -> Self:
        """Return guardians who have not withdrawn their agreement, also an agreement that begins later."""
        return self.filter(withdrawn_at=None)

    def agreeing(self, at: datetime) -> Self:
        """Return the guardians who agree at `at`."""
        return self.not_withdrawn().filter(consent_at__lte=at)

    def over_since(self, moment: datetime) -> Self:
        """Return those who withdrew before a moment, and on whom no consent that is kept rests."""
        return self.filter(withdrawn_at__lt=moment, consents=None)


class Guardian(models.Model):
    """A parent or guardian who agrees, or no longer agrees, to a minor's service."""

    id = models.UUIDField(primary_key=True)
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="guardians")
    name = models.CharField(max_length=80)
    phone_sealed = models.CharField(max_length=120, blank=True)
    consent_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = GuardianQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["volunteer"], condition=Q(withdrawn_at__isnull=True), name="guardian_who_agrees"
            )
        ]

    @property
    def phone(self) -> str:
        """The phone number. Sealed in the database."""
        return unseal(self.phone_sealed, "phone")

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed = seal(phone, "phone")

    def withdraw(self, *, at: datetime) -> list[str]:
        """Note that the guardian no longer agrees; returns the columns to save."""
        self.withdrawn_at = at
        return ["withdrawn_at"]
