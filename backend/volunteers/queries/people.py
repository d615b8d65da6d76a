"""Finds one person."""

from backend.lib.checkdigit import parse_volunteer_number
from backend.lib.errors import NotFound
from backend.volunteers.models import Volunteer


def person_numbered(number: str) -> Volunteer:
    """Return the volunteer with this number, read with the account, or raise NotFound; the erased are not found."""
    try:
        wanted = parse_volunteer_number(number)
    except ValueError as error:
        raise NotFound from error
    person = Volunteer.objects.select_related("user").filter(number=wanted, erased_at=None).first()
    if person is None:
        raise NotFound
    return person
