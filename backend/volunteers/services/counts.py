"""Keeps the counts of units: changed with what changes them, and counted again to be sure.

A service that changes memberships, standings, duties or devices in bulk calls `recount` for their units after it has
written. The ordinary acts say by how much instead; that costs one row.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef

from backend.accounts.queries import live_devices
from backend.lib.bulk import update_rows
from backend.volunteers.locks import counts_to_lock
from backend.volunteers.models import Membership, Unit, UnitCount, counted
from backend.volunteers.models.people import has_duty

logger = logging.getLogger(__name__)

COUNTED_IN_TURN = 500
"""Units that the clock counts again at a time: some 33,000 memberships."""
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Counts:
    """People of one unit, or by how many they change."""

    members: int = 0
    on_duty: int = 0
    reachable: int = 0


@transaction.atomic
def change_counts(changes: Mapping[int, Counts], *, at: datetime) -> None:
    """Add to the counts of units, by their keys, what has just been written. Locks them in the order of their keys.

    No deadlock: every service locks devices, then volunteers, then counts, then topics, so none waits in a circle.
    """
    alike: defaultdict[Counts, list[int]] = defaultdict(list)
    for unit_id, change in changes.items():
        if change != Counts():
            alike[change].append(unit_id)
    if len(changes) > 1:
        _locked(changes)
    for change, units in alike.items():
        if _add(units, change) < len(units):
            _make_missing(units, at)


@transaction.atomic
def ensure_counts(units: Iterable[int], *, at: datetime) -> None:
    """Make the counts of units, by their keys, that have none: before many people come into them."""
    wanted = sorted(units)
    for start in range(0, len(wanted), _BATCH):
        _make_missing(wanted[start : start + _BATCH], at)


def change_duty_counts(volunteers: Iterable[int], *, by: int, at: datetime) -> None:
    """Count so many more, or fewer, on duty in the primary units of volunteers, given by their keys."""
    rows = Membership.objects.filter(counted(), volunteer__in=list(volunteers))
    people = Counter(rows.values_list("unit", flat=True))
    change_counts({unit: Counts(on_duty=by * many) for unit, many in people.items()}, at=at)


def recount(units: Iterable[int] | None = None, *, at: datetime) -> int:
    """Count units, by their keys, from their memberships; None: all. Returns how many counts were wrong.

    Locks the counts before it counts. It waits for a transaction that has changed them; a later one adds to what is
    written here.
    """
    return len(_recount(Unit.objects.values_list("pk", flat=True) if units is None else units, at))


def recount_around(volunteers: Iterable[int], *, also: Iterable[int] = (), at: datetime) -> None:
    """Count again the present units of volunteers, given by key; `also` has the units that they were in before."""
    now = Membership.objects.filter(volunteer__in=list(volunteers)).values_list("unit", flat=True)
    recount({*now, *also}, at=at)


def recount_reachable(*, user_id: int, besides: UUID | None = None, at: datetime) -> None:
    """Count a person's unit again unless the person is signed in on a device `besides` this one.

    The devices are locked.
    """
    live = live_devices(at).filter(user=user_id)
    if (live.exclude(pk=besides) if besides else live).exists():
        return
    units = Membership.objects.filter(counted(), volunteer__user=user_id).values_list("unit", flat=True)
    recount(units, at=at)


def repair_counts(*, at: datetime, limit: int = COUNTED_IN_TURN) -> int:
    """Count again the units with the oldest counts; returns how many counts were wrong, and logs them."""
    missing = list(Unit.objects.filter(count=None).values_list("pk", flat=True)[:limit])
    oldest = UnitCount.objects.order_by("counted_at", "pk").values_list("pk", flat=True)
    wrong = _recount([*missing, *oldest[: limit - len(missing)]], at)
    for unit, kept, true in wrong:
        logger.warning("the counts of unit %s were wrong: %s, now %s", unit, kept, true)
    return len(wrong)


_Wrong = tuple[int, Counts, Counts]


@transaction.atomic
def _recount(units: Iterable[int], at: datetime) -> list[_Wrong]:
    wanted, wrong = sorted(set(units)), []
    for start in range(0, len(wanted), _BATCH):
        portion = wanted[start : start + _BATCH]
        _make_missing(portion, at)
        wrong += _count_again(_locked(portion), at)
    return wrong


def _add(units: Collection[int], change: Counts) -> int:
    return UnitCount.objects.filter(pk__in=units).update(
        members=F("members") + change.members,
        on_duty=F("on_duty") + change.on_duty,
        reachable=F("reachable") + change.reachable,
    )


def _locked(units: Iterable[int]) -> list[UnitCount]:
    return list(counts_to_lock().filter(pk__in=list(units)).order_by("pk"))


def _make_missing(units: Collection[int], at: datetime) -> None:
    """Make the counts of units that have none; they are counted whole, with all that has just been written."""
    missing = Unit.objects.filter(pk__in=units, count=None).order_by("pk")
    made = [UnitCount(unit=unit, path=unit.path, counted_at=at) for unit in missing]
    if made:
        UnitCount.objects.bulk_create(made, ignore_conflicts=True)
        _count_again(_locked(row.pk for row in made), at)


def _count_again(rows: Sequence[UnitCount], at: datetime) -> list[_Wrong]:
    found = _counts_of([row.pk for row in rows], at)
    wrong = []
    for row in rows:
        kept, true = Counts(row.members, row.on_duty, row.reachable), found.get(row.pk, Counts())
        if kept != true:
            wrong.append((row.pk, kept, true))
        row.members, row.on_duty, row.reachable, row.counted_at = (
            true.members,
            true.on_duty,
            true.reachable,
            at,
        )
    update_rows(rows, ["members", "on_duty", "reachable", "counted_at"])
    return wrong


def _counts_of(units: Collection[int], at: datetime) -> dict[int, Counts]:
    reachable = Exists(live_devices(at).filter(user=OuterRef("volunteer__user")))
    rows = (
        Membership.objects.filter(counted(), unit__in=units)
        .values("unit")
        .annotate(
            members=Count("pk"),
            on_duty=Count("pk", filter=has_duty("volunteer__")),
            reachable=Count("pk", filter=reachable),
        )
        .order_by()
    )
    return {row["unit"]: Counts(row["members"], row["on_duty"], row["reachable"]) for row in rows}
