"""Codes on paper by which people sign in for the first time."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.models.users import User
from backend.lib.encryption import LOOKUP_CHARACTERS


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, by whether they open."""

    def unused(self) -> Self:
        """Return those that were neither used nor replaced; each account has one at most."""
        return self.filter(used_at=None, replaced_at=None)

    def open_(self, at: datetime) -> Self:
        """Return those that open an account: until `expires_at`, and not at that moment."""
        return self.unused().filter(user__is_active=True, expires_at__gt=at)

    def over_since(self, moment: datetime) -> Self:
        """Return those whose time was up before a moment, used or not."""
        return self.filter(expires_at__lt=moment)


class Invitation(models.Model):
    """A code that a leader hands to a person: it opens once, and sets the password."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations", db_index=False)
    code_key = models.CharField(max_length=LOOKUP_CHARACTERS)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by_post = models.PositiveBigIntegerField(
        null=True, help_text="the key of the post by which it was made; its invitations end with it"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at__isnull=True, replaced_at__isnull=True),
                name="invitation_one_open",
            )
        ]

    def use(self, *, at: datetime) -> list[str]:
        """Spend the invitation; returns the columns to save."""
        self.used_at = at
        return ["used_at"]
