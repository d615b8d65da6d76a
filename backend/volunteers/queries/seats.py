"""Reads the seats of units, and how they are written."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count as numbers
from itertools import islice

from backend.volunteers.models import Membership, Unit
from backend.volunteers.number_scheme import format_unit_number

FIRST_SEAT = 2
"""The first that a member may have; 1 is the leader's."""


def seat_text(unit: Unit, seat: int) -> str:
    """Return a seat as people read it: `07-26-04-012-5-02`."""
    return f"{format_unit_number(unit.number)}-{seat:02d}"


def free_seats(unit: Unit, *, count: int, at: datetime) -> list[int]:
    """Return the lowest numbers that no member and no post of the unit has at `at` or later; two queries."""
    taken: set[int | None] = set(unit.posts.lasting(at).values_list("seat", flat=True))
    taken.update(Membership.objects.filter(unit=unit, seat__isnull=False).values_list("seat", flat=True))
    return list(islice(_not_in(taken), count))


def _not_in(taken: set[int | None]) -> Iterator[int]:
    return (number for number in numbers(FIRST_SEAT) if number not in taken)
