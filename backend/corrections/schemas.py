"""What clients see of corrections, and what they send."""

from typing import Self
from uuid import UUID

from pydantic import ConfigDict, model_validator

from backend.corrections.models import Part
from backend.lib.shapes import ClientId, Instant, Request, Shape, VolunteerNumber
from backend.volunteers.schemas.fields import Name, Phone


class CorrectionIn(Request):
    """The right name or phone of a person, or that the phone is wrong: one of the three.

    The `id` makes a retry the same correction. `shared_phone`: others may have the phone too, as families do.
    `phone_is_wrong`: another person answers it, and the right one is not known. The record has no phone then.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5a", "phone": "13800001234"}]
        }
    )

    id: ClientId
    name: Name | None = None
    phone: Phone | None = None
    shared_phone: bool = False
    phone_is_wrong: bool = False

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if [self.name is not None, self.phone is not None, self.phone_is_wrong].count(True) != 1:
            raise ValueError("give either a name or a phone, or say that the phone is wrong")
        return self

    @property
    def part(self) -> Part:
        """Of what it is."""
        return Part.NAME if self.name is not None else Part.PHONE

    @property
    def value(self) -> str:
        """What will stand there; empty: nothing."""
        return self.name or self.phone or ""


class CorrectionOut(Shape):
    """A correction with what stood there before. `by` is the leader; `undone_at`: it stands no more.

    `skills` are taken from a roster alone: their codes, separated by commas. `by` is null for an operator's roster.
    To a phone that was corrected no code is sent until `trusted_at`: once confirmed, or after 30 days.
    """

    id: UUID
    volunteer: VolunteerNumber
    part: Part
    before: str
    after: str
    by: VolunteerNumber | None
    at: Instant
    trusted_at: Instant
    confirmed_at: Instant | None
    undone_at: Instant | None


class Corrections(Shape):
    """The corrections of a record, the newest first, at most 100."""

    items: list[CorrectionOut]
