"""The expected results, read from the database by separate queries: never by those that choose recipients.

The rules are written a second time here on purpose. Two readings that agree are evidence; a reading that is compared
with itself is not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from backend.realtime.frames import Audience
from backend.realtime.models import Event
from backend.volunteers.models import Membership, Unit, Volunteer
from simulator.checker import LogRow

ADULT_AT = 18


@dataclass(frozen=True, slots=True)
class Person:
    """One volunteer as the simulation knows them: with the paths of the units of their memberships and posts."""

    number: int
    paths: tuple[str, ...]
    post_paths: tuple[str, ...]
    skills: frozenset[str]
    born_on: date | None
    on_duty: bool


def people_below(path: str, *, at: datetime) -> list[Person]:
    """Return all people with a membership in a unit or below it, ordered by number."""
    numbers = Membership.objects.filter(unit__path__startswith=path).values("volunteer_id")
    return _people(Volunteer.objects.filter(id__in=numbers), at)


def people_with(numbers: Collection[int], *, at: datetime) -> list[Person]:
    """Return the people with these numbers as they are now."""
    return [person for person in _people(Volunteer.objects.all(), at) if person.number in numbers]


def brigades_of(detachment: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the path of a detachment, and path and number of each of its brigades."""
    path = Unit.objects.get(number=detachment).path
    below = Unit.objects.filter(path__startswith=path, depth=len(path) // Unit.steplen + 1)
    return path, list(below.order_by("path").values_list("path", "number"))


def _people(volunteers: QuerySet[Volunteer], at: datetime) -> list[Person]:
    return [
        Person(
            number=volunteer.number,
            paths=tuple(membership.unit.path for membership in volunteer.memberships.all()),
            post_paths=tuple(post.unit.path for post in volunteer.posts.all() if post.until_at is None),
            skills=frozenset(skill.code for skill in volunteer.skills.all()),
            born_on=volunteer.born_on,
            on_duty=volunteer.duty_until is not None and at < volunteer.duty_until,
        )
        for volunteer in volunteers.order_by("number").prefetch_related(
            "memberships__unit", "posts__unit", "skills"
        )
    ]


def recipients(
    everyone: Iterable[Person], *, paths: Collection[str], skills: Collection[str], adults_on: date | None
) -> set[int]:
    """Return who must be offered a task: members of the units, on duty, with every skill.

    With a day in `adults_on` only those who are 18 by then: for rescue, and for work at night.
    """
    return {
        person.number
        for person in everyone
        if person.on_duty
        and any(own.startswith(path) for own in person.paths for path in paths)
        and set(skills) <= person.skills
        and (adults_on is None or is_adult(person, adults_on))
    }


def is_adult(person: Person, on: date) -> bool:
    """Tell whether a person is known to be 18 on a day."""
    born = person.born_on
    if born is None:
        return False
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) >= ADULT_AT


def topics_of(person: Person, units: dict[str, str]) -> set[str]:
    """Return the topics of a phone: its person's, its units' and those of all units above.

    `units` are the numbers of all units by path.
    """
    line = {above for path in (*person.paths, *person.post_paths) for above in _line(path)}
    return {f"person.{person.number:08d}", *(f"unit.{units[path]}" for path in line)}


def unit_numbers(people: Iterable[Person]) -> dict[str, str]:
    """Return the numbers of people's units and of all units above them, by path."""
    wanted = {
        above for person in people for path in (*person.paths, *person.post_paths) for above in _line(path)
    }
    return dict(Unit.objects.filter(path__in=wanted).values_list("path", "number"))


def _line(path: str) -> list[str]:
    return [path[:end] for end in range(Unit.steplen, len(path) + 1, Unit.steplen)]


def read_log(topics: Collection[str]) -> dict[str, list[LogRow]]:
    """Return all events of some topics, in order."""
    rows = Event.objects.filter(topic_id__in=topics).order_by("topic_id", "seq")
    log: dict[str, list[LogRow]] = defaultdict(list)
    for topic, seq, type, audience in rows.values_list("topic_id", "seq", "type", "audience"):
        limits = Audience.of_stored(audience or {})
        numbers = limits.numbers
        log[topic].append(
            LogRow(
                seq=seq,
                type=type,
                numbers=None if numbers is None else frozenset(numbers),
                tags=frozenset(limits.tags or ()),
            )
        )
    return log
