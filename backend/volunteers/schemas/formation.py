"""What clients send to change the formation."""

from typing import Annotated

from pydantic import Field

from backend.lib.shapes import Request
from backend.volunteers.schemas.fields import BrandName, UnitName
from backend.volunteers.schemas.lives import Number, UnitNumber
from backend.volunteers.schemas.units import PartnerKind

MOST_MOVED = 10_000
"""Members that one split may name."""


class UnitIn(Request):
    """Make a unit below another; with `partner_kind` a partner organisation's, otherwise one of the next level."""

    parent: UnitNumber
    name: UnitName
    brand_name: BrandName = ""
    partner_kind: PartnerKind | None = None


class UnitChange(Request):
    """Rename a unit; what is left out stays. An empty brand name takes it away."""

    name: UnitName | None = None
    brand_name: BrandName | None = None


class MoveIn(Request):
    """The unit that is to stand above, of the same kind as the one above now."""

    parent: UnitNumber


class SplitIn(Request):
    """The name of a new unit beside this one, and the members who go there."""

    name: UnitName
    members: Annotated[list[Number], Field(max_length=MOST_MOVED)] = []


class SuccessorIn(Request):
    """The unit that follows: it answers to the number from now on."""

    successor: UnitNumber
