"""What people see of the data that is kept of them, and how they delete it."""

from datetime import date
from typing import Annotated

from pydantic import Field, JsonValue, RootModel

from backend.lib.shapes import Instant, Line, Request, Shape, VolunteerNumber


class IdentityIn(Request):
    """The identity card that came to one's record by a merge; where only a date of birth came, that."""

    id_card: Annotated[str, Line(40)] = ""
    born_on: date | None = None


class DeletionIn(Request):
    """Delete everything of one's own; the password says that it is you."""

    password: Annotated[str, Field(min_length=1, max_length=200)]


class Erased(Shape):
    """What deletion did. `kept` says what the law wants kept: it no longer leads to you."""

    number: VolunteerNumber
    erased_at: Instant
    kept: list[str]


class OwnData(RootModel[dict[str, JsonValue]]):
    """Everything that is kept of oneself, by what it is."""
