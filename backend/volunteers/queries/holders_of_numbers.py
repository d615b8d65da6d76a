"""Finds people by their numbers."""

from backend.lib.checkdigit import parse_volunteer_number
from backend.lib.errors import NotFound
from backend.volunteers.models import Volunteer


def volunteer_by_number(number: str) -> Volunteer:
    """Return the volunteer with this number, written with or without the space, or raise NotFound."""
    try:
        return Volunteer.objects.select_related("user").get(number=parse_volunteer_number(number))
    except (ValueError, Volunteer.DoesNotExist) as error:
        raise NotFound from error
