"""What clients see of numbers, and what they send to have people registered under them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel
from typing_extensions import TypeAliasType

from backend.lib.shapes import GIVEN, Instant, Line, Request, Shape, VolunteerNumber
from backend.numbers.models import NumberBlock
from backend.volunteers.schemas.fields import BirthDate, Name, PhoneOrNothing
from backend.volunteers.schemas.units import UnitOut

MOST_IN_BLOCK = 1_000


NumberState = TypeAliasType(
    "NumberState", Literal["registered", "temporary", "alias", "block", "void", "not_issued", "invalid"]
)


class Suggestion(Shape):
    """A number one slip away from what was asked, of a person the caller may look up."""

    number: VolunteerNumber
    name: str | None


class NumberOut(Shape):
    """What became of a number.

    `registered`, `temporary`: a person's own; `alias`: a person's before, `now` is the one that is good; `block`:
    handed to `unit`, not used yet; `void`: of no person, and never issued again; `not_issued`: no person has had it;
    `invalid`: no volunteer number, see `did_you_mean`. `name` is told to those who may dispatch the person, and to the
    person.
    """

    state: NumberState
    number: VolunteerNumber | None = None
    now: VolunteerNumber | None = None
    name: str | None = None
    units: list[UnitOut] = []
    unit: UnitOut | None = None
    did_you_mean: list[Suggestion] = []


class BlockIn(Request):
    """Set numbers aside; `id` is a UUIDv7 the client makes, the same again for a retry."""

    id: UUID
    size: Annotated[int, Field(ge=1, le=MOST_IN_BLOCK)]


class BlockOut(Shape):
    """A block of numbers; `used` of its `size` numbers are a person's."""

    id: UUID
    unit: str
    size: int
    used: int
    made_at: Instant
    returned_at: Instant | None

    @classmethod
    def of(cls, block: NumberBlock) -> "BlockOut":
        """Return the shape of a block, which knows its unit."""
        return cls(
            id=block.pk,
            unit=block.unit.number,
            size=block.size,
            used=block.used,
            made_at=block.made_at,
            returned_at=block.returned_at,
        )


class Blocks(RootModel[list[BlockOut]]):
    """The blocks of a unit, the newest first."""


class BlockNumber(Shape):
    """A number of a block, as it is written on a card."""

    number: VolunteerNumber
    written: str
    is_used: bool


class BlockWithNumbers(BlockOut):
    """A block and all its numbers, to be printed or taken along."""

    numbers: list[BlockNumber]


class PersonIn(Request):
    """A person who is registered. `shared_phone`: others may have the phone too, as families do."""

    name: Name
    phone: PhoneOrNothing = ""
    shared_phone: bool = False
    born_on: BirthDate | None = None


class WalkInIn(PersonIn):
    """A person who came to help; `id` is a UUIDv7 the client makes, the same again for a retry."""

    id: UUID


class RegistrationIn(PersonIn):
    """A person who got a number of one of the unit's blocks."""

    number: Annotated[str, Line(40), GIVEN]
