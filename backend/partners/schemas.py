"""What clients see of kinds of partners and of what a partner shares, and what they send."""

from typing import Annotated, Self

from pydantic import RootModel, model_validator

from backend.lib.shapes import Instant, Line, Request, Shape
from backend.partners.models import Shares
from backend.volunteers.schemas.fields import PhoneOrNothing
from backend.volunteers.schemas.me import LanguageName
from backend.volunteers.schemas.units import PartnerKind


class SharingIn(Request):
    """What those above a partner are to see: `contact` alone, or `all` its people.

    The contact is a person or an office with its telephone, both or neither; without one it is the partner's leader.
    """

    shares: Shares
    contact_name: Annotated[str, Line(80)] = ""
    contact_phone: PhoneOrNothing = ""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.contact_name) != bool(self.contact_phone):
            raise ValueError("a contact has a name and a phone")
        return self


class ContactOut(Shape):
    """Whom those above ask: who the partner has named, or its leader, then with the volunteer number."""

    name: str
    phone: str
    volunteer: str | None


class EmploymentIn(Request):
    """Whether a member of a partner's unit serves there as an employee; otherwise it is as a volunteer."""

    employee: bool


class SharingOut(Shape):
    """What a partner shares with those above: how much, whom they ask, and how many members it has.

    `employees` are those of the `members` who serve as such; all others are volunteers.

    `chosen_at` is null while it stands as it began. `contact` is null while it has no leader, and named none.
    """

    unit: str
    shares: Shares
    contact: ContactOut | None
    members: int
    employees: int
    chosen_at: Instant | None


class PartnerKindOut(Shape):
    """A kind of partner organisation; `names` are by language. New units may be of it while it is `in_use`."""

    code: PartnerKind
    names: dict[LanguageName, str]
    in_use: bool


class PartnerKinds(RootModel[list[PartnerKindOut]]):
    """Every kind of partner organisation, in the operator's order, those not in use too."""
