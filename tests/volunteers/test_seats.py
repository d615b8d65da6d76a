"""Seats of those who belonged to units before there were any, and of whole lists at once."""

from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from django.db import connection

from backend.lib.checkdigit import format_unit_number
from backend.volunteers import migrations, services
from backend.volunteers.models import Membership, Role
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.services.seats import next_seats
from tests.conftest import Formation, MakeVolunteer


def test_migration_seats_every_member_beside_the_posts(
    formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    for unit in (a, a, a, b):
        make_volunteer(unit)
    deputy = Membership.objects.filter(unit=a).first()
    assert deputy is not None
    services.appoint(volunteer=deputy.volunteer, unit=a, role=Role.DEPUTY, by=None, at=at)

    name = next(module.name for module in iter_modules(migrations.__path__) if module.name.endswith("_life"))
    with connection.cursor() as cursor:
        cursor.execute(import_module(f"{migrations.__name__}.{name}").SEATS)

    seats = Membership.objects.order_by("unit__path", "pk").values_list("unit", "seat")
    assert list(seats) == [(a.pk, 3), (a.pk, 4), (a.pk, 5), (b.pk, 2)]


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
