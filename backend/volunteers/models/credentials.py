"""Credentials that a volunteer must have before dangerous service."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models.people import Volunteer


class CredentialKind(models.TextChoices):
    """The three that dangerous service asks for, all of them."""

    INSURANCE = "insurance", _("Accident insurance")
    TRAINING = "training", _("Training")
    AGREEMENT = "agreement", _("Written agreement")


class CredentialQuerySet(models.QuerySet["Credential"]):
    """Credentials, by when they are good."""

    def good(self, at: datetime) -> Self:
        """Return those that are good: from `valid_from` until `valid_until`, not at that moment, and not revoked."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=at), valid_from__lte=at, revoked_at=None)

    def over_since(self, moment: datetime) -> Self:
        """Return those that ended or were revoked before a moment."""
        return self.filter(Q(revoked_at__lt=moment) | Q(valid_until__lt=moment))


class Credential(models.Model):
    """A policy, a training or an agreement, good for a time. Never changed: a wrong one is revoked."""

    id = models.UUIDField(primary_key=True)
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="credentials", db_index=False
    )
    kind = models.CharField(max_length=12, choices=CredentialKind.choices)
    reference = models.CharField(max_length=80, blank=True, help_text="the number of the policy or paper")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=models.F("valid_from")),
                name="credential_ends_after_it_begins",
            )
        ]
        indexes = [models.Index(fields=["volunteer", "kind", "valid_until"], name="credential_of")]

    def revoke(self, *, at: datetime) -> list[str]:
        """End the credential; returns the columns to save."""
        self.revoked_at = at
        return ["revoked_at"]
