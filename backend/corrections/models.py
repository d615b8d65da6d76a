"""What leaders and their rosters have corrected in the records of people, with what stood there before."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.encryption import seal, unseal
from backend.volunteers.models import Volunteer

PROVES_ITSELF_AFTER = timedelta(days=30)
"""So long a phone that another person has set opens nothing by a code, unless it is confirmed."""


class Part(models.TextChoices):
    """What of a record was corrected."""

    NAME = "name", _("Name")
    PHONE = "phone", _("Phone")
    SKILLS = "skills", _("Skills")


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Corrections, by whether they stand."""

    def standing(self) -> Self:
        """Return those that were not undone."""
        return self.filter(undone_at=None)

    def newest_first(self) -> Self:
        """Return them as their person and their leaders read them."""
        return self.order_by("-at", "-pk")


class Correction(models.Model):
    """One correction of one part of a record. The values are sealed; they go when the person is erased."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="corrections")
    part = models.CharField(max_length=8, choices=Part.choices)
    before_sealed = models.CharField(max_length=4_000)
    after_sealed = models.CharField(max_length=4_000)
    shared_before = models.JSONField(
        null=True,
        help_text="the keys of the accounts that had the former phone too: undoing shares it with them",
    )
    by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="null: an operator at the machine",
    )
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["volunteer", "-at"], name="correction_of_person")]

    @property
    def before(self) -> str:
        """What stood there before; empty: nothing did."""
        return unseal(self.before_sealed, "before")

    @before.setter
    def before(self, text: str) -> None:
        self.before_sealed = seal(text, "before")

    @property
    def after(self) -> str:
        """What stands there since."""
        return unseal(self.after_sealed, "after")

    @after.setter
    def after(self, text: str) -> None:
        self.after_sealed = seal(text, "after")

    @property
    def is_undone(self) -> bool:
        """Tell whether it was taken back."""
        return self.undone_at is not None

    def confirm(self, *, by: User, at: datetime) -> list[str]:
        """Note that a second leader vouches for it; returns the columns to save."""
        self.confirmed_by, self.confirmed_at = by, at
        return ["confirmed_by", "confirmed_at"]

    def undo(self, *, by: User | None, at: datetime) -> list[str]:
        """Note that it was taken back; returns the columns to save."""
        self.undone_by, self.undone_at = by, at
        return ["undone_by", "undone_at"]
