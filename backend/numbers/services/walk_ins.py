"""Registers walk-ins: a person without a number gets a temporary one, and one for life when they stay."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import SENT_BEFORE, NotAllowed, Refusal, require
from backend.lib.names import same_name
from backend.numbers.models import WalkIn
from backend.numbers.services.number_bounds import require_walk_ins
from backend.volunteers.grants import Grant
from backend.volunteers.models import (
    Series,
    Unit,
    Volunteer,
)
from backend.volunteers.rules import may_dispatch, may_manage
from backend.volunteers.services.finding import finding
from backend.volunteers.services.numbers import lock_counter, take_numbers
from backend.volunteers.services.people import add_volunteer


class WalkInIdTaken(Refusal):
    """Another person was registered with this id; make a new one."""

    slug = "walk-in-id-taken"
    text = SENT_BEFORE


def register_walk_in(
    *,
    walk_in_id: UUID,
    unit: Unit,
    name: str,
    phone: str = "",
    shared_phone: bool = False,
    born_on: date | None = None,
    by: User,
    at: datetime,
) -> Volunteer:
    """Register a walk-in on the spot with a temporary number, as a member of `unit`.

    Locks the counter of temporary numbers. The same id, unit and name is a retry and returns the person. That
    others have the phone too says only a leader who manages the unit. Raises NotFound for a unit that `by` may not
    dispatch, NotAllowed, WalkInIdTaken, PhoneTaken, PhoneFull, TooManyFound, TooManyNumbers, NumbersExhausted.
    """
    grant = require(may_dispatch(by, unit, at))
    require(not shared_phone or may_manage(by, unit, at), NotAllowed)
    with finding(phone, how="registration", by=by, at=at):
        return _register(walk_in_id, unit, name, phone, shared_phone, born_on, grant, by, at)


@transaction.atomic
def _register(
    walk_in_id: UUID,
    unit: Unit,
    name: str,
    phone: str,
    shared_phone: bool,
    born_on: date | None,
    grant: Grant,
    by: User,
    at: datetime,
) -> Volunteer:
    counter = lock_counter(Series.TEMPORARY)
    earlier = WalkIn.objects.select_related("volunteer").filter(pk=walk_in_id).first()
    if earlier is not None:
        require(earlier.unit_id == unit.pk and same_name(earlier.volunteer.name, name), WalkInIdTaken)
        return earlier.volunteer
    require_walk_ins(by, at=at)
    (number,) = take_numbers(counter, 1)
    with acting(by=by, at=at, grant=grant) as act:
        volunteer = add_volunteer(
            name=name,
            phone=phone,
            shared_phone=shared_phone,
            born_on=born_on,
            units=[unit],
            number=number,
            act=act,
        )
    WalkIn.objects.create(pk=walk_in_id, volunteer=volunteer, unit=unit, registered_by=by, registered_at=at)
    return volunteer
