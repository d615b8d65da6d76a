"""Reads which volunteer a number belongs to, now or before."""

from backend.lib.errors import Invalid, NotFound, require
from backend.volunteers.models import (
    NumberAlias,
    Volunteer,
)
from backend.volunteers.number_parsing import read_number
from backend.volunteers.number_scheme import parse_volunteer_number


def number_in(text: str) -> int:
    """Return the volunteer number that a text says. Raises NotFound for a text that is no number: no person has it."""
    number = read_number(text)
    if number is None:
        raise NotFound
    return number


def volunteer_by_number(number: int) -> Volunteer:
    """Return the volunteer with a number, now or before: aliases and merged records lead there. Raises NotFound."""
    volunteer = Volunteer.objects.select_related("user").filter(number=number, merged_into=None).first()
    if volunteer is not None:
        return volunteer
    alias = NumberAlias.objects.select_related("volunteer__user").filter(number=number).first()
    if alias is None:
        raise NotFound
    return alias.volunteer


def volunteer_numbered(text: str) -> Volunteer:
    """Return the volunteer with a number, now or before, as it is written: `2345 6781`.

    Raises NotFound, also for an erased volunteer.
    """
    try:
        number = parse_volunteer_number(text)
    except ValueError as error:
        raise NotFound from error
    volunteer = volunteer_by_number(number)
    require(volunteer.erased_at is None)
    return volunteer


def numbers_of(volunteer: Volunteer) -> list[int]:
    """Return every number under which a person may have records: the present one first."""
    return [volunteer.number, *volunteer.aliases.order_by("pk").values_list("number", flat=True)]


def number_in_body(text: str, pointer: str) -> int:
    """Return the volunteer number that a field of a request says, or raise Invalid."""
    number = read_number(text)
    if number is None:
        raise Invalid(errors=[{"pointer": pointer, "detail": "must be a volunteer number"}])
    return number
