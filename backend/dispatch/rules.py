"""Who may direct a task, and which work is for adults only."""

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from backend.dispatch.models import Category, Task
from backend.volunteers.models import Unit, User
from backend.volunteers.queries import dispatched_units
from backend.volunteers.rules import may_dispatch

NIGHT_FROM, NIGHT_UNTIL = time(22), time(5)


def may_direct(user: User, task: Task, at: datetime) -> bool:
    """Tell whether this person is an issuer of the task: may send it, follow it and call it off."""
    return may_dispatch(user, task.unit, at)


def may_call(user: User, units: Iterable[Unit], at: datetime) -> bool:
    """Tell whether this person may call out every one of the units; one query however many."""
    covered = tuple(unit.path for unit in dispatched_units(user.pk, at=at))
    return all(unit.path.startswith(covered) for unit in units)


def is_for_adults(task: Task) -> bool:
    """Tell whether minors must never be offered the task: rescue, and what starts at night where the unit is."""
    return task.category == Category.RESCUE or is_night(task.starts_at, task.unit.zone)


def is_night(moment: datetime, zone: str) -> bool:
    """Tell whether a moment lies between 22:00 and 05:00 by the clocks of `zone`."""
    local = moment.astimezone(ZoneInfo(zone)).time()
    return local >= NIGHT_FROM or local < NIGHT_UNTIL
