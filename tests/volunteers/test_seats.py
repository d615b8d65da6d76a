"""Seats of whole lists at once."""

from datetime import datetime

from backend.volunteers.models import Membership
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.services.seats import next_seats
from tests.conftest import Formation, MakeVolunteer


def test_many_seats_are_found_at_once(
    formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    unit = formation.squadron_a
    person = make_volunteer(unit)
    Membership.objects.filter(volunteer=person).update(seat=4)

    assert next_seats(unit, 5, at=at) == [2, 3, 5, 6, 7]
    assert next_seats(unit, 0, at=at) == []


def test_a_seat_is_written_after_the_units_number(formation: Formation) -> None:
    number = format_unit_number(formation.squadron_a.number)

    assert [seat_text(formation.squadron_a, seat) for seat in (1, 66, 120)] == [
        f"{number}-01",
        f"{number}-66",
        f"{number}-120",
    ]
