"""What clients see of units."""

from typing import Annotated, Literal

from pydantic import Field, RootModel
from typing_extensions import TypeAliasType

from backend.lib.shapes import Shape
from backend.volunteers.models import UnitKind

PartnerKind = TypeAliasType(
    "PartnerKind",
    Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]{0,19}$",
            examples=["rescue"],
            description="What a partner organisation is: a code of `GET /partner-kinds`.",
        ),
    ],
)


class UnitOut(Shape):
    """A unit of the formation."""

    number: str
    kind: UnitKind
    level: int
    name: str
    brand_name: str
    parent: str | None
    lon: float | None
    lat: float | None
    partner_kind: Literal[""] | PartnerKind = ""


class UnitCounts(Shape):
    """A unit with the live counts of its whole subtree: of people who have their primary unit in it.

    `unreachable` are those who are signed in on no device. Whose duty has just ended by itself counts as on duty
    for some seconds more. `successor_of` is the retired number that was asked for.
    """

    unit: UnitOut
    members: int
    on_duty: int
    unreachable: int
    children: int
    successor_of: str | None = None


class UnitsCounted(RootModel[list[UnitCounts]]):
    """Sub-units with their live counts."""
