"""The rules of directing tasks, and of work for adults only."""

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from backend.accounts.models import User
from backend.dispatch.models import DANGEROUS, Severity, Task
from backend.volunteers.grants import Grant
from backend.volunteers.models import DISPATCHING_ROLES, Post, Role, Unit
from backend.volunteers.rules import current_posts, may_by, may_dispatch

NIGHT_FROM, NIGHT_UNTIL = time(22), time(5)
LIFE_SAVING_ROLES = (Role.DISPATCHER, Role.COMMANDER)
"""Roles that say that life is at stake: those who take the emergency calls, and those who command."""


def may_grade(user: User, unit: Unit, severity: str, at: datetime) -> Grant:
    """Leaders and deputies who dispatch a unit grade its tasks up to urgent; commanders and dispatchers all of them."""
    roles = LIFE_SAVING_ROLES if severity == Severity.LIFE_AT_STAKE else DISPATCHING_ROLES
    return may_by(user, unit, at, roles)


def may_direct(user: User, task: Task, at: datetime) -> Grant:
    """Those who dispatch in the unit that asks are the issuers of its task: they send it, follow it and call it off."""
    return may_dispatch(user, task.unit, at)


def posts_to_call(user: User, units: Iterable[Unit], at: datetime, directing: Grant) -> list[Post]:
    """Return the posts by which this person may call out the units: none unless every one is covered; one query.

    The post of `directing`, by which the task is directed, comes first and is named for all that it covers.
    """
    held = current_posts(user.pk, at).dispatching().select_related("unit")
    first = [directing.post] if directing.post else []
    known = [*first, *held.order_by("unit__path", "seat")]
    covering = {
        unit.pk: next((post for post in known if unit.path.startswith(post.unit.path)), None)
        for unit in units
    }
    if None in covering.values():
        return []
    return list(dict.fromkeys([*first, *(post for post in covering.values() if post)]))


def may_command(user: User, task: Task, at: datetime) -> Grant:
    """Those who command the unit that asks, or one above it: they alone name a legal basis."""
    return may_by(user, task.unit, at, (Role.COMMANDER,))


def is_open_to(asking: str, path: str, closed_depth: int) -> bool:
    """Tell whether the issuers of a task of the unit at `asking` see all people of the one at `path`.

    Not where that one's partner keeps its people to itself: unless it is the partner that asks.
    """
    return asking.startswith(path[: closed_depth * Unit.steplen])


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
