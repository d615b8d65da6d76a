"""Gives seats in units: each once at a time, whoever asks at the same moment."""

from collections.abc import Iterable
from datetime import datetime

from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.services.roster import roster_fields


def lock_units(units: Iterable[Unit]) -> None:
    """Lock units in the order of their keys until the transaction ends: who gives seats or posts there waits in line.

    The lock lets others refer to the units meanwhile.
    """
    keys = sorted({unit.pk for unit in units})
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def next_seats(unit: Unit, count: int, *, at: datetime) -> list[int]:
    """Return so many free seats of a unit, the lowest first, from 2. Locks the unit."""
    lock_units([unit])
    return free_seats(unit, count=count, at=at)


def take_seat(*, volunteer: Volunteer, unit: Unit, is_primary: bool, at: datetime) -> Membership:
    """Make somebody a member of a unit with the next free seat there. Locks the unit."""
    (seat,) = next_seats(unit, 1, at=at)
    fields = roster_fields(volunteer.name, unit.path)
    return Membership.objects.create(
        volunteer=volunteer, unit=unit, is_primary=is_primary, seat=seat, **fields
    )
