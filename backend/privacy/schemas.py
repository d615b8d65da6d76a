"""What people see of the data that is kept of them, and how they delete it."""

from datetime import date
from typing import Annotated

from pydantic import Field, JsonValue, RootModel

from backend.lib.shapes import Instant, Line, Request, Shape, VolunteerNumber
from backend.volunteers.models import LookedAt


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


class LookOut(Shape):
    """A person was shown something of you: for the first time in that hour, however often."""

    at: Instant
    what: LookedAt
    viewer: VolunteerNumber
    viewer_name: str


class LookPage(Shape):
    """A page of looks, newest first; ask again with `after=next` while it is not null."""

    items: list[LookOut]
    next: int | None


class LookFilter(Request):
    """Which looks: older than the last of a page."""

    after: Annotated[int, Field(ge=1, lt=2**63)] | None = None
