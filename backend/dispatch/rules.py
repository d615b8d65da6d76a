"""Who may direct a task, and which work is for adults only."""

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from backend.dispatch.models import DANGEROUS, Task
from backend.volunteers.models import Post, Role, Unit, User
from backend.volunteers.queries import dispatched_units
from backend.volunteers.rules import may_dispatch, post_over

NIGHT_FROM, NIGHT_UNTIL = time(22), time(5)


def may_direct(user: User, task: Task, at: datetime) -> bool:
    """Tell whether this person is an issuer of the task: may send it, follow it and call it off."""
    return may_dispatch(user, task.unit, at)


def may_call(user: User, units: Iterable[Unit], at: datetime) -> bool:
    """Tell whether this person may call out every one of the units; one query however many."""
    covered = tuple(unit.path for unit in dispatched_units(user.pk, at=at))
    return all(unit.path.startswith(covered) for unit in units)


def commands(user: User, task: Task, at: datetime) -> Post | None:
    """Return the commander's post that covers the unit which asks: it alone may name a legal basis."""
    return post_over(user, task.unit, at, (Role.COMMANDER,))


def is_dangerous(task: Task) -> bool:
    """Tell whether the task is rescue or search: only for the insured, trained and bound, who have read of the risk."""
    return task.category in DANGEROUS


def is_for_adults(task: Task) -> bool:
    """Tell whether minors must never be offered the task: rescue, and what starts at night where the unit is."""
    return is_dangerous(task) or is_night(task.starts_at, task.unit.zone)


def is_night(moment: datetime, zone: str) -> bool:
    """Tell whether a moment lies between 22:00 and 05:00 by the clocks of `zone`."""
    local = moment.astimezone(ZoneInfo(zone)).time()
    return local >= NIGHT_FROM or local < NIGHT_UNTIL
