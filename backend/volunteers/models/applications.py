"""People who ask to become volunteers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.lib.sealed import seal, unseal
from backend.volunteers.models.accounts import User, phone_key
from backend.volunteers.models.people import Volunteer
from backend.volunteers.models.units import Unit


class ApplicationStatus(models.TextChoices):
    """How far an application has got."""

    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Application(models.Model):
    """Somebody without an account asks to join a unit; the phone is sealed as an account's is."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(max_length=80)
    phone_sealed = models.CharField(max_length=120)
    phone_key = models.CharField(max_length=32)
    born_on = models.DateField(null=True)
    password = models.CharField(max_length=128, help_text="hashed, for the account to come")
    status = models.CharField(
        max_length=10, choices=ApplicationStatus.choices, default=ApplicationStatus.PENDING
    )
    at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, db_index=True)
    reason = models.CharField(max_length=200, blank=True)
    volunteer = models.ForeignKey(Volunteer, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "phone_key"], condition=Q(status="pending"), name="application_pending_once"
            )
        ]
        indexes = [models.Index(fields=["unit", "status", "at"], name="application_of_unit")]

    @property
    def phone(self) -> str:
        """The phone of whoever applies, in the clear."""
        return unseal(self.phone_sealed, "phone")

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed, self.phone_key = seal(phone, "phone"), phone_key(phone) or ""
