"""Reads the plans of desks, with who can be on them: volunteers in service who belong to the unit or below."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.desks.models import Shift
from backend.desks.queries.turns import Stretch, Turn, turns_of, uncovered
from backend.volunteers.models import Membership, Post, Unit, Volunteer, has_not_retired, is_serving

AHEAD = timedelta(days=60)
"""How far ahead the next person is looked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The shifts of a unit's desk, and who of its people can be on it."""

    unit: Unit
    shifts: list[Shift]
    fit: frozenset[int]

    @property
    def zone(self) -> ZoneInfo:
        """The zone by whose clocks weekly shifts are meant."""
        return ZoneInfo(self.unit.zone)

    def holder(self, turn: Turn) -> Volunteer | None:
        """Return who is on the desk in a turn: the first person, or else the deputy; None when neither can be."""
        people = (turn.shift.volunteer, turn.shift.deputy)
        return next((one for one in people if one is not None and one.pk in self.fit), None)

    def covered(self, since: datetime, until: datetime) -> list[Turn]:
        """Return the turns that reach into a stretch and have a holder, in their order."""
        turns = turns_of(self.shifts, self.zone, since, until)
        return [turn for turn in turns if self.holder(turn) is not None]

    def now(self, at: datetime) -> Turn | None:
        """Return the turn of the moment; None when no person is on the desk."""
        return next((turn for turn in self.covered(at, at + timedelta(seconds=1)) if turn.covers(at)), None)

    def next(self, at: datetime) -> Turn | None:
        """Return the turn that begins next, within 60 days."""
        return next((turn for turn in self.covered(at, at + AHEAD) if turn.from_at > at), None)

    def gaps(self, since: datetime, until: datetime) -> list[Stretch]:
        """Return the stretches in which no person is on the desk."""
        return uncovered(self.covered(since, until), since, until)

    def is_on(self, volunteer: Volunteer, since: datetime, until: datetime) -> bool:
        """Tell whether a person is the first or the deputy in a turn that reaches into a stretch; its end counts."""
        turns = turns_of(self.shifts, self.zone, since, until + timedelta(microseconds=1))
        own = any(volunteer.pk in (turn.shift.volunteer_id, turn.shift.deputy_id) for turn in turns)
        return own and volunteer.pk in self.fit


def plan_of(unit: Unit, *, at: datetime, since: datetime | None = None) -> Plan:
    """Return the plan of a unit, of shifts that are not over at `at`, or were not at `since`; four queries."""
    return plans_of([unit], at=at, since=since)[unit.pk]


def plans_of(units: Iterable[Unit], *, at: datetime, since: datetime | None = None) -> dict[int, Plan]:
    """Return the plans of units, by their keys; four queries however many there are."""
    wanted = {unit.pk: unit for unit in units}
    rows = Shift.objects.not_over(since or at).filter(unit__in=wanted).select_related("volunteer", "deputy")
    shifts: defaultdict[int, list[Shift]] = defaultdict(list)
    for row in rows.order_by("from_at", "weekday", "from_minute", "pk"):
        shifts[row.unit_id].append(row)
    people = {key for found in shifts.values() for shift in found for key in _people(shift)}
    places = places_of(people, at=at)
    return {
        pk: Plan(unit, shifts[pk], fit_for(unit, {k for one in shifts[pk] for k in _people(one)}, places))
        for pk, unit in wanted.items()
    }


def places_of(people: Collection[int], *, at: datetime, resting: bool = False) -> Mapping[int, list[str]]:
    """Return the paths of units that people in service belong to, by membership or post, by key; three queries.

    `resting`: of people who are suspended too.
    """
    if not people:
        return {}
    rows = Volunteer.objects.filter(has_not_retired() if resting else is_serving(), pk__in=people)
    found: dict[int, list[str]] = {pk: [] for pk in rows.values_list("pk", flat=True)}
    members = Membership.objects.filter(volunteer__in=found).values_list("volunteer", "unit__path")
    posts = Post.objects.in_force(at).filter(volunteer__in=found).values_list("volunteer", "unit__path")
    for pk, path in (*members, *posts):
        found[pk].append(path)
    return found


def fit_for(unit: Unit, people: Collection[int], places: Mapping[int, list[str]]) -> frozenset[int]:
    """Return who of the people can be on the desk of a unit: in service, and in it or below."""
    return frozenset(pk for pk in people if any(path.startswith(unit.path) for path in places.get(pk, ())))


def _people(shift: Shift) -> list[int]:
    return [shift.volunteer_id, *([shift.deputy_id] if shift.deputy_id is not None else [])]
