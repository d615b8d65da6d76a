"""What people have agreed to."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models.guardians import Guardian
from backend.volunteers.models.people import Volunteer


class Purpose(models.TextChoices):
    """What a person may agree to, each by itself."""

    LOCATION = "location", _("Location")
    PHOTO = "photo", _("Photo")
    CONTACT = "contact", _("Contact")


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Consents, by whether they hold."""

    def in_force(self) -> Self:
        """Return those that were neither withdrawn nor replaced."""
        return self.filter(withdrawn_at=None)

    def withdrawn_since(self, moment: datetime) -> Self:
        """Return those that were withdrawn or replaced after a moment."""
        return self.filter(withdrawn_at__gt=moment)

    def over_since(self, moment: datetime) -> Self:
        """Return those that were withdrawn or replaced before a moment."""
        return self.filter(withdrawn_at__lt=moment)


class Consent(models.Model):
    """An agreement to one purpose in the words of one version; of each purpose at most one is in force.

    What was withdrawn or replaced stays for a while as the proof of what held then.
    """

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    version = models.PositiveSmallIntegerField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, db_index=True)
    by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="null: on paper"
    )
    guardian = models.ForeignKey(
        Guardian,
        null=True,
        on_delete=models.PROTECT,
        related_name="consents",
        help_text="who stood by a minor",
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "purpose"], condition=Q(withdrawn_at__isnull=True), name="consent_once"
            )
        ]
