"""What clients see and send of joining a unit: applications and transfers."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from backend.joining.models import Application, ApplicationStatus, Side, Transfer, TransferStatus
from backend.lib.shapes import Instant, Request, Shape, VolunteerNumber
from backend.volunteers.schemas.fields import BirthDate, Name, Phone
from backend.volunteers.schemas.lives import Number, UnitNumber


class ApplicationIn(Request):
    """Ask to become a volunteer of a unit. `id` is a UUIDv7 of the client's, the password that of the later account."""

    id: UUID
    unit: UnitNumber
    name: Name
    phone: Phone
    born_on: BirthDate | None = None
    password: (
        Annotated[str, Field(min_length=1, max_length=200, examples=["eleven green bicycles"])] | None
    ) = None


class ApplicationTaken(Shape):
    """The application has come in. The answer is the same for every applicant."""

    id: UUID
    status: Literal[ApplicationStatus.PENDING] = ApplicationStatus.PENDING


class ApproveIn(Request):
    """Take the applicant in. `shared_phone`: a volunteer who has the phone already is another person, who shares it."""

    shared_phone: bool = False


class WithdrawIn(Request):
    """Take an application back; the phone proves whose it is."""

    phone: Phone


class ApplicationOut(Shape):
    """An application, as those who decide on it see it."""

    id: UUID
    unit: str
    name: str
    phone: str
    born_on: date | None
    status: ApplicationStatus
    at: Instant
    decided_at: Instant | None
    reason: str
    volunteer: VolunteerNumber | None

    @classmethod
    def of(cls, application: Application) -> "ApplicationOut":
        """Return the shape of an application that was read with its unit and volunteer."""
        return cls.model_validate(
            {
                "id": application.pk,
                "unit": application.unit.number,
                "name": application.name,
                "phone": application.phone,
                "born_on": application.born_on,
                "status": application.status,
                "at": application.at,
                "decided_at": application.decided_at,
                "reason": application.reason,
                "volunteer": application.volunteer.number if application.volunteer else None,
            }
        )


class ApplicationPage(Shape):
    """Applications, the oldest first; `next` goes on where this page ends."""

    items: list[ApplicationOut]
    next: UUID | None


class TransferIn(Request):
    """Propose that a volunteer goes from one unit to another; with `stays`, joins it besides."""

    id: UUID
    volunteer: Number
    from_unit: UnitNumber
    to_unit: UnitNumber
    stays: bool = False


class TransferOut(Shape):
    """A transfer. `waits_for` says whose agreement is missing while it is proposed; then nothing waits, and it is null.

    The name is empty until one may know it.
    """

    id: UUID
    volunteer: VolunteerNumber
    name: str
    from_unit: str
    to_unit: str
    stays: bool
    status: TransferStatus
    waits_for: Side | None
    proposed_at: Instant
    decided_at: Instant | None

    @classmethod
    def of(cls, transfer: Transfer, *, named: bool = False) -> "TransferOut":
        """Return the shape of a transfer that was read with its volunteer and units."""
        return cls.model_validate(
            {
                "id": transfer.pk,
                "volunteer": transfer.volunteer.number,
                "name": transfer.volunteer.name if named else "",
                "from_unit": transfer.from_unit.number,
                "to_unit": transfer.to_unit.number,
                "stays": transfer.stays,
                "status": transfer.status,
                "waits_for": transfer.waits_for if transfer.is_waiting else None,
                "proposed_at": transfer.proposed_at,
                "decided_at": transfer.decided_at,
            }
        )


class Transfers(RootModel[list[TransferOut]]):
    """Transfers, the newest first."""


class InvitationMade(Shape):
    """An invitation to print; its code is never told again."""

    number: VolunteerNumber
    name: str
    code: str
    expires_at: Instant


class SignInCodeIn(Request):
    """Make a code to sign in by; with `ends_others`, for a lost phone, its use signs the other devices out."""

    ends_others: bool = False


class SignInCodeMade(Shape):
    """A code to read out or to show; it is never told again, and works once until `expires_at`."""

    number: VolunteerNumber
    name: str
    code: str
    expires_at: Instant
