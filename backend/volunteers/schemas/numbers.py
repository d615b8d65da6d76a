"""What clients see of numbers, and what they send to have people registered under them."""

from typing import Annotated

from backend.lib.shapes import GIVEN, Line, Request, Shape, VolunteerNumber
from backend.volunteers.models import Series, Volunteer, series_of
from backend.volunteers.number_scheme import format_volunteer_number


class MergeIn(Request):
    """The number of the record that is merged into the one in the address."""

    duplicate: Annotated[str, Line(40), GIVEN]


class NumberedPerson(Shape):
    """A person and the number that is good for them."""

    number: VolunteerNumber
    written: str
    name: str
    is_temporary: bool

    @classmethod
    def of(cls, volunteer: Volunteer) -> "NumberedPerson":
        """Return the shape of a volunteer."""
        return cls(
            number=f"{volunteer.number:08d}",
            written=format_volunteer_number(volunteer.number),
            name=volunteer.name,
            is_temporary=series_of(volunteer.number) == Series.TEMPORARY,
        )
