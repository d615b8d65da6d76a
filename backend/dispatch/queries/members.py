"""Finds the members who can be asked to take part in a task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from backend.dispatch.models import Assignment, Severity, Task
from backend.dispatch.rules import is_dangerous, is_for_adults
from backend.lib.errors import NotFound, require
from backend.papers.queries import has_every_paper, is_proven_adult
from backend.readiness.queries import has_planned, may_be_woken
from backend.volunteers.models import (
    Membership,
    Skill,
    Unit,
    Volunteer,
    is_on_duty,
    is_serving,
)
from backend.volunteers.number_scheme import parse_unit_number
from backend.volunteers.queries import current_unit
from backend.volunteers.queries.privacy import guardian_agrees
from backend.volunteers.rules import within


@dataclass(frozen=True, slots=True)
class Sieve:
    """One condition for being asked, and the words for those who fulfil it and all before it."""

    words: str
    condition: Q


def units_numbered(numbers: Iterable[str]) -> list[Unit]:
    """Return the units with these numbers, written with or without dashes, or raise NotFound; one query.

    A retired number stands for the unit that follows.
    """
    try:
        wanted = {parse_unit_number(number) for number in numbers}
    except ValueError as error:
        raise NotFound from error
    units = list(Unit.objects.filter(number__in=wanted))
    require(len(units) == len(wanted))
    return list({unit.pk: unit for unit in map(current_unit, units)}.values())


def topmost(units: Iterable[Unit]) -> list[Unit]:
    """Return the units without those that lie below another of them, in the order of the tree."""
    chosen: list[Unit] = []
    for unit in sorted(units, key=lambda unit: unit.path):
        if not chosen or not unit.path.startswith(chosen[-1].path):
            chosen.append(unit)
    return chosen


def members_below(units: Sequence[Unit]) -> QuerySet[Membership]:
    """Return the memberships of people in active service, with an account, in these units and all below them."""
    # The ranges are compared with thousands of units, not with a million memberships.
    below = Unit.objects.filter(reduce(or_, (within(unit.path) for unit in units)))
    return Membership.objects.filter(is_serving("volunteer__"), unit__in=below.values("pk"))


def is_ready(task: Task, at: datetime, ask: str = "") -> Sieve:
    """Return in which state a member is asked for the task: by its severity, or on duty alone if `ask` says so.

    On duty stands first: off duty alone the database looks at what people have said.
    """
    on_duty, severity = is_on_duty(at, "volunteer__"), Severity(task.severity)
    times = {"at": at, "starts_at": task.starts_at}
    if ask == "on_duty" or not severity.asks_planned:
        return Sieve("on duty", on_duty)
    if severity.wakes:
        return Sieve("on duty or may be woken now", on_duty | may_be_woken(task.category, **times))
    return Sieve("on duty or available then by plan", on_duty | has_planned(task.category, **times))


def sieves(task: Task, at: datetime, ask: str = "") -> list[Sieve]:
    """Return what a member must be at `at` to be asked, in the order in which a refusal counts people."""
    found = [is_ready(task, at, ask)]
    if task.requirements:
        found.append(Sieve(f"with the skills {', '.join(task.requirements)}", _has_skills(task.requirements)))
    if is_for_adults(task):
        found.append(Sieve("proven to be adults", _proven_adult(task, at)))
    else:
        found.append(Sieve("of age or with a guardian who agrees", _may_serve(at)))
    if is_dangerous(task):
        words = "insured, trained and with an agreement at that time"
        found.append(Sieve(words, _has_papers(task, "volunteer")))
    asked = Assignment.objects.filter(task=task, volunteer=OuterRef("volunteer"))
    found.append(Sieve("not asked yet", Q(~Exists(asked))))
    return found


def let_by_law(task: Task, at: datetime) -> Q:
    """Return the condition that the law lets a row's volunteer take part: age, guardian, credentials."""
    of_age = _proven_adult(task, at) if is_for_adults(task) else _may_serve(at)
    return of_age & _has_papers(task, "volunteer") if is_dangerous(task) else of_age


def eligible(task: Task, units: Sequence[Unit], at: datetime, ask: str = "") -> QuerySet[Membership]:
    """Return the memberships through which people can be asked; a volunteer in two of the units comes twice."""
    return members_below(units).filter(*(sieve.condition for sieve in sieves(task, at, ask)))


def why_nobody(task: Task, units: Sequence[Unit], at: datetime, ask: str = "") -> str:
    """Return how many members are left after each condition, for the refusal of an empty call-out."""
    steps = sieves(task, at, ask)
    rows = members_below(units).annotate(passed=_passed(steps)).order_by().values("passed")
    counted = dict(rows.annotate(people=Count("volunteer", distinct=True)).values_list("passed", "people"))
    left = [sum(people for passed, people in counted.items() if passed > n) for n in range(len(steps))]
    parts = [f"{people} {step.words}" for people, step in zip(left, steps, strict=True)]
    members = sum(counted.values())
    return f"Nobody in these units can be asked now: {members} members, of them {', '.join(parts)}."


def _passed(steps: Sequence[Sieve]) -> Case:
    """Return how many conditions a row fulfils before one that it does not: none is looked at twice."""
    passed: Case | Value = Value(len(steps))
    for n, step in reversed(list(enumerate(steps))):
        passed = Case(When(step.condition, then=passed), default=Value(n), output_field=IntegerField())
    assert isinstance(passed, Case), "there is a condition at least"
    return passed


def fit_for(task: Task, volunteer_ids: Iterable[int]) -> set[int]:
    """Return those of the people (keys of volunteers) whose papers are good when a dangerous task begins."""
    good = _has_papers(task, "pk")
    return set(Volunteer.objects.filter(good, pk__in=list(volunteer_ids)).values_list("pk", flat=True))


def with_guardian(volunteer_ids: Iterable[int], at: datetime) -> set[int]:
    """Return those of the people (keys of volunteers) who are of age, or whose guardian agrees."""
    found = Volunteer.objects.filter(guardian_agrees(at), pk__in=list(volunteer_ids))
    return set(found.values_list("pk", flat=True))


def _has_papers(task: Task, of: str) -> Q:
    """Return the condition of own or collective papers that are good when the task begins."""
    return has_every_paper(task.starts_at, occasion=task.occasion_id, line=task.unit.line, of=of)


def _proven_adult(task: Task, at: datetime) -> Q:
    """Return the condition of being 18 by a date of birth, or by an age attested in the task's occasion."""
    return is_proven_adult(
        at, task.starts_at, occasion=task.occasion_id, of="volunteer", prefix="volunteer__"
    )


def _may_serve(at: datetime) -> Q:
    return guardian_agrees(at, "volunteer", "volunteer__")


def _has_skills(codes: Sequence[str]) -> Q:
    has = Volunteer.skills.through.objects.filter(volunteer=OuterRef("volunteer"))
    return reduce(and_, (Q(Exists(has.filter(skill__code=code))) for code in codes))


def unknown_skills(codes: Sequence[str]) -> set[str]:
    """Return the codes that name no skill."""
    return set(codes) - set(Skill.objects.filter(code__in=codes).values_list("code", flat=True))
