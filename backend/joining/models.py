"""People who ask to become volunteers, and volunteers who change units."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User, phone_key
from backend.lib.encryption import seal, unseal
from backend.lib.states import Steps, stepped
from backend.volunteers.models.people import Volunteer
from backend.volunteers.models.units import Unit


class ApplicationStatus(models.TextChoices):
    """How far an application has got."""

    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


_APPLICATION_STEPS: Steps[ApplicationStatus] = {
    ApplicationStatus.PENDING: (
        ApplicationStatus.APPROVED,
        ApplicationStatus.REJECTED,
        ApplicationStatus.WITHDRAWN,
    ),
}


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Applications, by how far they have got."""

    def waiting(self) -> Self:
        """Return those that were neither decided nor withdrawn."""
        return self.filter(status=ApplicationStatus.PENDING)

    def waiting_since(self, moment: datetime) -> Self:
        """Return those that came before a moment, and wait still."""
        return self.waiting().filter(at__lt=moment)


class Application(models.Model):
    """A person without an account asks to join a unit; the phone is sealed as an account's is."""

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

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "phone_key"], condition=Q(status="pending"), name="application_pending_once"
            )
        ]
        indexes = [models.Index(fields=["unit", "status", "at"], name="application_of_unit")]

    @property
    def phone(self) -> str:
        """The phone of the applicant, in the clear."""
        return unseal(self.phone_sealed, "phone")

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed, self.phone_key = seal(phone, "phone"), phone_key(phone) or ""

    @property
    def is_waiting(self) -> bool:
        """Tell whether the application was neither decided nor withdrawn."""
        return self.status == ApplicationStatus.PENDING

    def approve(self, *, volunteer: Volunteer, by: User, at: datetime) -> None:
        """Note whom the applicant has become."""
        self._decide(ApplicationStatus.APPROVED, by, at)
        self.volunteer = volunteer

    def reject(self, *, reason: str, by: User, at: datetime) -> None:
        """Turn the application down."""
        self._decide(ApplicationStatus.REJECTED, by, at)
        self.reason = reason

    def withdraw(self, *, at: datetime) -> None:
        """Take the application back."""
        self._decide(ApplicationStatus.WITHDRAWN, None, at)

    def _decide(self, to: ApplicationStatus, by: User | None, at: datetime) -> None:
        """Come to a status; the password is for an account that there is by now, or is not going to be."""
        self.status = stepped(self, ApplicationStatus(self.status), to, _APPLICATION_STEPS)
        self.decided_by, self.decided_at, self.password = by, at, ""


class TransferStatus(models.TextChoices):
    """How far a transfer has got."""

    PROPOSED = "proposed", _("Proposed")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Side(models.TextChoices):
    """Who has to agree."""

    RECEIVING = "receiving", _("The unit that takes in")
    RELEASING = "releasing", _("The unit that lets go")
    VOLUNTEER = "volunteer", _("The volunteer")


_TRANSFER_STEPS: Steps[TransferStatus] = {
    TransferStatus.PROPOSED: (TransferStatus.DONE, TransferStatus.DECLINED, TransferStatus.WITHDRAWN),
}


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Transfers, by how far they have got."""

    def waiting(self) -> Self:
        """Return those that were proposed, and neither decided nor withdrawn."""
        return self.filter(status=TransferStatus.PROPOSED)


class Transfer(models.Model):
    """A volunteer goes from one unit to another, or joins a second one; each side's leader sees it."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="transfers")
    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    stays = models.BooleanField(
        default=False, help_text="also remains in the unit before: a second membership"
    )
    waits_for = models.CharField(max_length=10, choices=Side.choices)
    status = models.CharField(max_length=10, choices=TransferStatus.choices, default=TransferStatus.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "from_unit", "to_unit"],
                condition=Q(status="proposed"),
                name="transfer_proposed_once",
            )
        ]
        indexes = [
            models.Index(fields=["from_unit", "status"], name="transfer_from"),
            models.Index(fields=["to_unit", "status"], name="transfer_to"),
        ]

    @property
    def is_waiting(self) -> bool:
        """Tell whether the transfer was neither decided nor withdrawn."""
        return self.status == TransferStatus.PROPOSED

    @property
    def is_done(self) -> bool:
        """Tell whether the volunteer has moved."""
        return self.status == TransferStatus.DONE

    def carry_out(self, *, by: User | None, at: datetime) -> list[str]:
        """Note that the volunteer has moved; returns the columns to save."""
        return self._decide(TransferStatus.DONE, by, at)

    def decline(self, *, by: User | None, at: datetime) -> list[str]:
        """Turn the transfer down; returns the columns to save."""
        return self._decide(TransferStatus.DECLINED, by, at)

    def withdraw(self, *, by: User | None, at: datetime) -> list[str]:
        """Take the transfer back; returns the columns to save."""
        return self._decide(TransferStatus.WITHDRAWN, by, at)

    def _decide(self, to: TransferStatus, by: User | None, at: datetime) -> list[str]:
        self.status = stepped(self, TransferStatus(self.status), to, _TRANSFER_STEPS)
        self.decided_by, self.decided_at = by, at
        return ["status", "decided_by", "decided_at"]
