"""Codes that a leader reads out, by which people without a password sign in."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.models.users import User
from backend.lib.encryption import LOOKUP_CHARACTERS


class SignInCodeQuerySet(models.QuerySet["SignInCode"]):
    """Codes to sign in, by whether they open."""

    def unused(self) -> Self:
        """Return those that were neither used nor replaced; each account has one at most."""
        return self.filter(used_at=None, replaced_at=None)

    def open_(self, at: datetime) -> Self:
        """Return those that sign a person in: until `expires_at`, and not at that moment."""
        return self.unused().filter(user__is_active=True, expires_at__gt=at)

    def over_since(self, moment: datetime) -> Self:
        """Return those whose time was up before a moment, used or not."""
        return self.filter(expires_at__lt=moment)


class SignInCode(models.Model):
    """A code that signs one device of a person in, within minutes; its maker has seen it.

    The database keeps no constraint to accounts: the release before deletes accounts, and does not know this table.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sign_in_codes", db_index=False, db_constraint=False
    )
    code_key = models.CharField(max_length=LOOKUP_CHARACTERS)
    made_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    by_post = models.PositiveBigIntegerField(
        help_text="the key of the post by which it was made; it ends with it"
    )
    ends_others = models.BooleanField(
        help_text="for a lost phone: using it signs the person's other devices out"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    objects = SignInCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at__isnull=True, replaced_at__isnull=True),
                name="sign_in_code_one_open",
            )
        ]

    def use(self, *, at: datetime) -> list[str]:
        """Spend the code; returns the columns to save."""
        self.used_at = at
        return ["used_at"]
