"""What clients see and send of a volunteer's life: applying, standing, memberships, transfers."""

from typing import Annotated

from pydantic import Field, RootModel

from backend.lib.shapes import GIVEN, Instant, Line, Lines, Request, Shape, VolunteerNumber
from backend.volunteers.models import Standing

Number = Annotated[str, Line(12, least=8), GIVEN, Field(examples=["23456781"])]
UnitNumber = Annotated[str, Line(20, least=10), GIVEN, Field(examples=["0726040125"])]
Reason = Annotated[
    str,
    Lines(200, least=1),
    Field(examples=["moved to another county"]),
]


class ReasonIn(Request):
    """Why."""

    reason: Reason


class SuspendIn(ReasonIn):
    """Why, and until when; without `until` the suspension lasts until a leader ends it."""

    until: Instant | None = None


class StandingOut(Shape):
    """Where a volunteer's service stands."""

    volunteer: VolunteerNumber
    standing: Standing
    until: Instant | None
    reason: str


class MembershipOut(Shape):
    """A unit that a volunteer belongs to, and the seat there (`07-26-04-012-5-02`; null: none yet)."""

    unit: str
    seat: str | None
    is_primary: bool
    is_employee: bool = False


class Memberships(RootModel[list[MembershipOut]]):
    """The units that a volunteer belongs to, the primary one first."""


class PrimaryIn(Request):
    """The unit that is to be the primary one; the volunteer belongs to it already."""

    unit: UnitNumber
