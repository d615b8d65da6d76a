"""Gives seats in units: each to one holder at a time, also when callers ask at the same moment."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backend.lib.errors import Refusal, require
from backend.realtime.access import access_changed
from backend.volunteers.locks import units_to_lock
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.services.roster import roster_fields


class UnitRetired(Refusal):
    """This unit is no more; its successor answers to its number."""

    slug = "unit-retired"
    text = _("This unit is no more. Its successor answers to its number.")


def lock_units(units: Iterable[Unit]) -> dict[int, Unit]:
    """Lock units in the order of their keys until the transaction ends: an act that gives seats or posts there waits.

    The lock lets other rows refer to the units meanwhile. Returns the units, by key, as they are now: during the wait
    a unit may have moved or been retired.
    """
    keys = sorted({unit.pk for unit in units})
    rows = units_to_lock().filter(pk__in=keys).order_by("pk")
    return {unit.pk: unit for unit in rows}


def lock_unit(unit: Unit) -> Unit:
    """Lock a unit, and return it as it is now. Raises UnitRetired."""
    now = lock_units([unit])[unit.pk]
    require(not now.is_retired, UnitRetired)
    return now


def next_seats(unit: Unit, count: int, *, at: datetime) -> list[int]:
    """Return so many free seats of a unit, the lowest first, from 2. Locks the unit."""
    lock_units([unit])
    return free_seats(unit, count=count, at=at)


def take_seat(*, volunteer: Volunteer, unit: Unit, is_primary: bool, at: datetime) -> Membership:
    """Make a volunteer a member of a unit with the next free seat there. Locks the unit. Raises UnitRetired."""
    now = lock_unit(unit)
    (seat,) = free_seats(now, count=1, at=at)
    fields = roster_fields(volunteer.name, now.path)
    access_changed([volunteer.topic], at=at)
    return Membership.objects.create(
        volunteer=volunteer, unit=now, is_primary=is_primary, seat=seat, **fields
    )
