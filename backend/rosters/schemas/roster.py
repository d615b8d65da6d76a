"""What clients see of a roster, and how they ask for it."""

from typing import Annotated, Literal

from typing_extensions import TypeAliasType

from backend.lib.shapes import Instant, Line, Request, Shape, VolunteerNumber
from backend.volunteers.models import Role, Standing

RosterState = TypeAliasType("RosterState", Literal["on_duty", "off_duty", "unreachable"])


class RosterRow(Shape):
    """One member of a unit. `unreachable` says that the person is signed in on no device, on duty or not.

    `available` is what the person plans for now, null without a plan. `role` is the post held in this unit.
    `is_employee`: serves the partner of the unit as an employee, and not as a volunteer.
    """

    number: VolunteerNumber
    name: str
    phone: str
    unit: str
    unit_name: str
    is_primary: bool
    role: Role | None
    standing: Standing
    state: RosterState
    on_duty: bool
    duty_until: Instant | None
    channels: int
    last_seen_at: Instant | None
    available: bool | None
    is_employee: bool = False


class RosterPage(Shape):
    """Up to 50 members, unit by unit; `next` brings the following ones as `after`, null at the end."""

    items: list[RosterRow]
    next: str | None


class RosterFilter(Request):
    """What of a roster is wanted."""

    search: Annotated[str, Line(40)] = ""
    on_duty: bool | None = None
    without_phone: bool = False
    after: Annotated[str, Line(400)] = ""
