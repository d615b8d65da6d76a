"""What clients see of a roster, and how they ask for it."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from backend.lib.datum import Datum
from backend.lib.wire import Instant, Line, Request, Shape, VolunteerNumber
from backend.volunteers.models import Role, Standing

RosterState = Literal["on_duty", "off_duty", "unreachable"]


class RosterRow(Shape):
    """One member of a unit. `unreachable` says that the person is signed in on no device, on duty or not.

    `available` is what the person plans for now, null without a plan. `role` is the post held in this unit.
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


class RosterPage(Shape):
    """Up to 50 members, unit by unit; `next` brings the following ones as `after`, null at the end."""

    items: list[RosterRow]
    next: str | None


class RosterFilter(Request):
    """What of a roster is wanted."""

    search: Annotated[str, Line(40)] = ""
    on_duty: bool | None = None
    after: Annotated[str, Line(400)] = ""


class NearestFilter(Request):
    """Where a person is needed, and who."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-85, le=85)]
    datum: Datum
    skill: Annotated[str, Field(max_length=40, pattern=r"^[a-zA-Z0-9_-]*$")] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class NearPerson(Shape):
    """A person on duty near a place. `metres` is rounded to a hundred: where exactly is for those who watch the map."""

    number: VolunteerNumber
    name: str
    phone: str
    metres: int
    seen_at: Instant


class NearPeople(RootModel[list[NearPerson]]):
    """The people on duty nearest to a place, the nearest first."""
