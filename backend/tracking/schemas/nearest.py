"""The shapes of a search for people near a place."""

from typing import Annotated

from pydantic import Field, RootModel

from backend.lib.datum import Datum
from backend.lib.shapes import Instant, Request, Shape, VolunteerNumber


class NearestFilter(Request):
    """The place where people are needed, and the skills that they need."""

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
