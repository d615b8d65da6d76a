"""How tasks stand: people counted by state, in all and by unit."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import Substr

from backend.dispatch.models import Assignment, AssignmentStatus, Notice, Task
from backend.dispatch.queries.reach import DELIVERED, NOT_REACHED, SEEN, with_reach
from backend.dispatch.schemas import Progress, UnitProgress
from backend.volunteers.models import Unit
from backend.volunteers.queries import unit_outs
from backend.volunteers.rules import within

COUNTED = tuple(status.value for status in AssignmentStatus if status not in AssignmentStatus.unanswered())
"""The statuses that a progress counts as they are; those without an answer are told apart by what has reached them."""


class State(NamedTuple):
    """Where one volunteer's part stands: its status, the one before, how far the last event has come."""

    status: str
    before: str
    reach: int
    heard: bool

    @property
    def is_unheard(self) -> bool:
        """Tell whether the volunteer is to be phoned."""
        return self.reach == NOT_REACHED and not self.heard

    @property
    def had_a_place(self) -> bool:
        """Tell whether the volunteer has a place, or had one that others took."""
        return not AssignmentStatus.holding_place().isdisjoint((self.status, self.before))


Standing = Counter[State]
"""People by state."""


def progress_of(tasks: Iterable[Task]) -> dict[UUID, Progress]:
    """Return the progress of each task; one query however many."""
    given = list(tasks)
    standings = _standings(Assignment.objects.filter(task__in=given), "task_id")
    return {task.pk: _progress(task, standings[task.pk]) for task in given}


def counts_of(task_ids: Iterable[UUID]) -> dict[UUID, tuple[Progress, frozenset[str]]]:
    """Return the progress of tasks, each with the topics whose receipts it depends on; three queries however many."""
    tasks = list(Task.objects.filter(pk__in=list(task_ids)))
    heard_on: defaultdict[UUID, set[str]] = defaultdict(set)
    for task_id, topic in Notice.objects.filter(task__in=tasks).values_list("task_id", "topic").distinct():
        heard_on[task_id].add(topic)
    return {id: (progress, frozenset(heard_on[id])) for id, progress in progress_of(tasks).items()}


def unit_progress(task: Task, parent: Unit) -> list[UnitProgress]:
    """Return the progress of each direct sub-unit of `parent` where a volunteer was asked, in the order of the tree.

    The volunteers asked as members of `parent` itself are a line of their own. Two queries, three with the units'
    parents.
    """
    branch = Substr("unit__path", 1, len(parent.path) + Unit.steplen)
    below = task.assignments.filter(within(parent.path, "unit__path")).annotate(branch=branch)
    standings = _standings(below, "branch")
    units = list(Unit.objects.filter(path__in=list(standings)).order_by("path"))
    return [
        UnitProgress(unit=shape, progress=_progress(task, standings[unit.path]))
        for unit, shape in zip(units, unit_outs(units), strict=True)
    ]


def _standings(assignments: QuerySet[Assignment], key: str) -> defaultdict[Any, Standing]:
    """Return how people stand in each group of `key`, in one query whose rows are states, not people."""
    found: defaultdict[Any, Standing] = defaultdict(Counter)
    columns = (key, *State._fields)
    rows = with_reach(assignments).order_by().values_list(*columns).annotate(people=Count("pk"))
    for group, *state, people in rows:
        found[group][State(*state)] += people
    return found


def _progress(task: Task, standing: Standing) -> Progress:
    def many(fits: Callable[[State], bool]) -> int:
        return sum(people for state, people in standing.items() if fits(state))

    by_status = {status: many(lambda state, status=status: state.status == status) for status in COUNTED}  # type: ignore[misc]
    return Progress(
        headcount=task.headcount,
        offered=standing.total(),
        delivered=many(lambda state: state.reach >= DELIVERED),
        seen=many(lambda state: state.reach >= SEEN),
        silent=many(lambda state: state.status in AssignmentStatus.unanswered() and state.reach >= DELIVERED),
        not_reached=many(lambda state: state.is_unheard),
        accepted_not_reached=many(lambda state: state.is_unheard and state.had_a_place),
        **by_status,
    )
