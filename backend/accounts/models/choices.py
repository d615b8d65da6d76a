"""Sign-ins that wait for the choice of a person: their password is that of several people of a phone."""

from datetime import datetime
from typing import Self

from django.db import models

from backend.accounts.models.users import User
from backend.lib.encryption import LOOKUP_CHARACTERS


class ChoiceQuerySet(models.QuerySet["Choice"]):
    """Choices, by whether they wait."""

    def open_(self, at: datetime) -> Self:
        """Return those whose time is not up, of accounts that are open."""
        return self.filter(expires_at__gt=at, user__is_active=True)


class Choice(models.Model):
    """One of the people among whom a sign-in has to choose; the rows of one sign-in have the same token.

    A person waits in one sign-in at most. The database keeps no constraint to accounts: the release before deletes
    accounts, and does not know this table.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="choice", db_constraint=False)
    token_key = models.CharField(max_length=LOOKUP_CHARACTERS, db_index=True)
    password_key = models.CharField(
        max_length=LOOKUP_CHARACTERS, help_text="stands for the password that was shown; another one ends it"
    )
    from_device = models.UUIDField(null=True, help_text="null: a page, which has no device yet")
    expires_at = models.DateTimeField(db_index=True)

    objects = ChoiceQuerySet.as_manager()
