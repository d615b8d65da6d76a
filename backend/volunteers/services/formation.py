"""Brings the formation's tree in line with the administrative divisions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from backend.accounts.acting import acting
from backend.lib.divisions import Division, Point, display_name
from backend.realtime.access import WATCHERS, access_changed
from backend.volunteers.acts import Acts
from backend.volunteers.locks import units_to_lock
from backend.volunteers.models import Unit, UnitKind, not_retired
from backend.volunteers.number_scheme import unit_number
from backend.volunteers.queries import current_unit
from backend.volunteers.services.roster import follow_moved_units

KINDS = (UnitKind.HEADQUARTERS, UnitKind.CORPS, UnitKind.DETACHMENT, UnitKind.BRIGADE, UnitKind.SQUADRON)
LAST_BRIGADE, LAST_SQUADRON = 79, 899
"""Above them are the numbers of trade and partner units."""
_BATCH = 1_000

Progress = Callable[[Iterable[list[Unit]]], Iterable[list[Unit]]]


@dataclass
class FormationChanges:
    """What a load did: how many units are new, which were renamed or moved, and which divisions are gone."""

    created: int = 0
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.created or self.renamed or self.moved)


@transaction.atomic
def load_formation(
    divisions: Sequence[Division],
    *,
    places: dict[str, Point],
    at: datetime,
    progress: Progress = lambda batches: batches,
) -> FormationChanges:
    """Make, rename and move units so that they follow the divisions (parents first); the same again changes nothing.

    A unit keeps its number for life: it stands on armbands, and topics are named after it. So a unit that moves keeps
    the number from its first parent, and serials are never given again. A division that is gone is only reported: its
    people must be moved by a person who knows where to. A unit that has been merged into another stays retired. What
    the divisions put below it goes below its successor.
    """
    growth = _Growth(places)
    changes = FormationChanges()
    for division in divisions:
        unit = growth.known.get(division.code)
        if unit is None:
            growth.add(division)
        elif unit.official_name != division.name:
            changes.renamed.append(f"{division.code} {unit.official_name} → {division.name}")
            unit.official_name, unit.display_name = division.name, display_name(division.name)
            growth.renamed.append(unit)
    changes.created = growth.save(progress)
    changes.moved = _move(divisions)
    if changes.moved:
        follow_moved_units()
        access_changed([*_topics_of(changes.moved), WATCHERS], at=at)
    codes = {division.code for division in divisions}
    changes.vanished = sorted(
        f"{code} {unit.official_name}" for code, unit in growth.known.items() if code not in codes
    )
    if changes:
        counts = {"renamed": len(changes.renamed), "moved": len(changes.moved)}
        with acting(by=None, at=at) as act:
            act.record(Acts.FORMATION_LOADED, "formation", created=changes.created, **counts)
    return changes


class _Growth:
    """New units with the paths and numbers they get, worked out in memory: 27,000 in seconds.

    treebeard alone would ask the database several times for each of them.
    """

    def __init__(self, places: dict[str, Point]) -> None:
        self.places = places
        self.known: dict[str, Unit] = {}
        self.new: list[Unit] = []
        self.renamed: list[Unit] = []
        self.grown: Counter[str] = Counter()
        self.last_step: defaultdict[str, int] = defaultdict(int)
        self.last_serial: defaultdict[str, int] = defaultdict(int)
        for unit in units_to_lock():
            self._remember(unit)

    def add(self, division: Division) -> None:
        """Plan a unit for a division whose parent is known."""
        parent = self.known.get(division.parent_code)
        parent = current_unit(parent) if parent else None
        parent_path = parent.path if parent else ""
        depth = division.level + 1
        lon, lat = self.places.get(division.code, (None, None))
        unit = Unit(
            path=parent_path + _step(self.last_step[parent_path] + 1),
            depth=depth,
            kind=KINDS[division.level],
            number=self._number(division, parent),
            official_name=division.name,
            display_name=display_name(division.name),
            division_code=division.code,
            lon=lon,
            lat=lat,
        )
        self.grown[parent_path] += 1
        self.new.append(unit)
        self._remember(unit)

    def save(self, progress: Progress) -> int:
        """Write what was planned; returns how many units are new."""
        new_paths = {unit.path for unit in self.new}
        for unit in self.new:
            unit.numchild = self.grown[unit.path]
        batches = [self.new[start : start + _BATCH] for start in range(0, len(self.new), _BATCH)]
        for batch in progress(batches):
            Unit.objects.bulk_create(batch)
        older = [unit for unit in self.known.values() if self.grown[unit.path] and unit.path not in new_paths]
        for unit in older:
            unit.numchild += self.grown[unit.path]
        Unit.objects.bulk_update(older, ["numchild"], batch_size=_BATCH)
        Unit.objects.bulk_update(self.renamed, ["official_name", "display_name"], batch_size=_BATCH)
        return len(self.new)

    def _remember(self, unit: Unit) -> None:
        if unit.division_code:
            self.known[unit.division_code] = unit
        parent_path = unit.path[: -Unit.steplen]
        self.last_step[parent_path] = max(
            self.last_step[parent_path], Unit.numconv_obj().str2int(unit.path[-Unit.steplen :])
        )
        number = unit.number
        for prefix, serial, last in (
            (number[:4], int(number[4:6]), LAST_BRIGADE),
            (number[:6], int(number[6:9]), LAST_SQUADRON),
        ):
            if serial <= last:
                self.last_serial[prefix] = max(self.last_serial[prefix], serial)

    def _number(self, division: Division, parent: Unit | None) -> str:
        """Return the number. City and county take the division's digits, town and village the next free serial."""
        if parent is None:
            return unit_number()
        above = parent.number
        match division.level:
            case 1:
                return unit_number(int(division.code[2:4]))
            case 2:
                return unit_number(int(above[:2]), int(division.code[4:6]))
            case 3:
                serial = self.last_serial[above[:4]] + 1
                assert serial <= LAST_BRIGADE, f"no brigade number is left in {above}"
                return unit_number(int(above[:2]), int(above[2:4]), serial)
        serial = self.last_serial[above[:6]] + 1
        assert serial <= LAST_SQUADRON, f"no squadron number is left in {above}"
        return unit_number(int(above[:2]), int(above[2:4]), int(above[4:6]), serial)


def _topics_of(moved: Sequence[str]) -> list[str]:
    """Return the topics of units that were moved; each is named by its division's code first."""
    codes = [name.partition(" ")[0] for name in moved]
    return [unit.topic for unit in Unit.objects.filter(division_code__in=codes).order_by("number")]


def _step(position: int) -> str:
    """Return the end of the path of a parent's n-th child."""
    return str(Unit.numconv_obj().int2str(position)).rjust(Unit.steplen, Unit.alphabet[0])


def _move(divisions: Sequence[Division]) -> list[str]:
    """Move the units whose parent is another now, the highest first; returns which."""
    paths = dict(Unit.objects.filter(division_code__isnull=False).values_list("division_code", "path"))
    retired = Unit.objects.filter(~not_retired(), division_code__isnull=False)
    for unit in retired.select_related("successor"):
        paths[unit.division_code or ""] = current_unit(unit).path
    kept = set(retired.values_list("division_code", flat=True))
    misplaced = [
        division
        for division in divisions
        if division.level
        and division.code not in kept
        and paths[division.code][: -Unit.steplen] != paths[division.parent_code]
    ]
    for division in misplaced:
        unit, parent = (
            Unit.objects.get(division_code=code) for code in (division.code, division.parent_code)
        )
        Unit.objects.move(unit, current_unit(parent), "last-child")
    return [f"{division.code} {division.name} → {division.parent_code}" for division in misplaced]
