"""Keeps the columns by which a roster is searched and sorted: copies of people's and units' data in memberships.

A service that makes memberships gives them `roster_fields`. A service that renames people or moves units calls
`refresh_roster` afterwards. The clock fills in what was forgotten.
"""

from collections.abc import Collection
from typing import TypedDict

from django.db import transaction
from django.db.models import F

from backend.lib.bulk import update_rows
from backend.lib.readings import kept_name, sound_of
from backend.volunteers.models import COUNTY_DEPTH, Membership, Unit, UnitCount, Volunteer

_BATCH = 2_000
_FIELDS = ("unit_path", "county", "name", "pinyin", "initials")


class RosterFields(TypedDict):
    """The columns of a membership that a roster needs."""

    unit_path: str
    county: str
    name: str
    pinyin: str
    initials: str


def roster_fields(name: str, unit_path: str) -> RosterFields:
    """Return the columns for a person's name in the unit at a path."""
    sound = sound_of(name)
    return {
        "unit_path": unit_path,
        "county": county_of(unit_path),
        "name": kept_name(name),
        "pinyin": sound.pinyin,
        "initials": sound.initials,
    }


def county_of(path: str) -> str:
    """Return the path of the detachment that a unit is in or is; of a unit above detachments its own."""
    return path[: COUNTY_DEPTH * Unit.steplen]


def rename(volunteer: Volunteer, name: str) -> None:
    """Give a locked volunteer another name, also in the rosters."""
    volunteer.name = name
    volunteer.save(update_fields=["name"])
    refresh_roster(volunteers=[volunteer.pk])


def refresh_roster(*, volunteers: Collection[int] | None = None, units: Collection[int] | None = None) -> int:
    """Copy anew to the memberships of volunteers, or in units, given by their keys; returns how many have changed."""
    rows = Membership.objects.all()
    if volunteers is not None:
        rows = rows.filter(volunteer__in=volunteers)
    if units is not None:
        rows = rows.filter(unit__in=units)
    changed, last = 0, 0
    while batch := list(rows.filter(pk__gt=last).select_related("volunteer", "unit").order_by("pk")[:_BATCH]):
        changed += _copy(batch)
        last = batch[-1].pk
    return changed


@transaction.atomic
def follow_moved_units() -> int:
    """Copy the paths of units that have moved to their counts and their members' rows; returns how many units moved."""
    moved = dict(UnitCount.objects.exclude(path=F("unit__path")).values_list("pk", "unit__path"))
    update_rows([UnitCount(pk=unit, path=path) for unit, path in sorted(moved.items())], ["path"])
    misplaced = (
        Membership.objects.exclude(unit_path=F("unit__path")).values_list("unit", flat=True).distinct()
    )
    found = set(moved) | set(misplaced)
    refresh_roster(units=found)
    return len(found)


def fill_roster_gaps(*, limit: int = 10 * _BATCH) -> int:
    """Fill in what a roster needs for memberships that lack it; returns how many. They sort before all others."""
    gaps = Membership.objects.filter(unit_path="").select_related("volunteer", "unit").order_by("pk")
    filled = 0
    while filled < limit and (batch := list(gaps[:_BATCH])):
        filled += _copy(batch)
    return filled


def _copy(memberships: Collection[Membership]) -> int:
    changed = []
    for membership in memberships:
        fields = roster_fields(membership.volunteer.name, membership.unit.path)
        if any(getattr(membership, column) != value for column, value in fields.items()):
            for column, value in fields.items():
                setattr(membership, column, value)
            changed.append(membership)
    update_rows(changed, _FIELDS)
    return len(changed)
