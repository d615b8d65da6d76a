"""Locks on formation, volunteers, posts, credentials, counters, units and counts, in this order; topics are last."""

from django.db.models import QuerySet

from backend.lib.locks import locking
from backend.volunteers.models import Credential, NumberCounter, Post, Unit, UnitCount, Volunteer


def volunteers_to_lock(
    among: QuerySet[Volunteer] | None = None, *, skip_locked: bool = False
) -> QuerySet[Volunteer]:
    """Return volunteers that are locked as they are read."""
    return locking(Volunteer, among, skip_locked=skip_locked)


def posts_to_lock(among: QuerySet[Post] | None = None) -> QuerySet[Post]:
    """Return posts that are locked as they are read."""
    return locking(Post, among)


def credentials_to_lock(among: QuerySet[Credential] | None = None) -> QuerySet[Credential]:
    """Return credentials that are locked as they are read."""
    return locking(Credential, among)


def units_to_lock(among: QuerySet[Unit] | None = None) -> QuerySet[Unit]:
    """Return units that are locked as they are read."""
    return locking(Unit, among)


def counts_to_lock(among: QuerySet[UnitCount] | None = None) -> QuerySet[UnitCount]:
    """Return counts that are locked as they are read."""
    return locking(UnitCount, among)


def counters_to_lock(among: QuerySet[NumberCounter] | None = None) -> QuerySet[NumberCounter]:
    """Return counters of numbers that are locked as they are read."""
    return locking(NumberCounter, among)


def volunteers_to_erase() -> QuerySet[Volunteer]:
    """Return volunteers that are locked as they are read, with their accounts: nothing new may refer to either."""
    rows = Volunteer.objects.select_related("user")
    return locking(Volunteer, rows, also=["user"], deleting=True)


def lock_formation() -> None:
    """Lock the tree of units, by its root: units are added, moved and ended one after the other.

    It comes before all other locks, because what waits in an ending unit is locked next. The lock on the root stands
    for the tree here; giving seats in headquarters waits for it as well.
    """
    list(units_to_lock(Unit.objects.filter(depth=1)).order_by("pk"))
