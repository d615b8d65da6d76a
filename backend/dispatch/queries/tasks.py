"""Tasks as their issuers and those who were asked see them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.dispatch.models import Assignment, CallOut, Task, TaskStatus
from backend.dispatch.queries.kept import seen_by_issuers
from backend.dispatch.queries.progress import progress_of
from backend.dispatch.queries.reach import with_reach
from backend.dispatch.rules import is_dangerous, may_direct
from backend.dispatch.schemas import CallOutOut, PlaceOut, TaskDetail, TaskOut, TaskPage
from backend.lib.errors import NotFound, require
from backend.volunteers.grants import Grant
from backend.volunteers.models import Unit
from backend.volunteers.queries import dispatched_units, unit_outs
from backend.volunteers.rules import may_dispatch, seen_from
from backend.volunteers.schemas import UnitOut

PAGE = 20


def task_for(user: User, task_id: UUID, *, at: datetime) -> Task:
    """Return a task to one of its issuers; for every other caller there is none."""
    task = Task.objects.select_related("unit").filter(pk=task_id).first()
    if task is None or not may_direct(user, task, at):
        raise NotFound
    return task


def own_parts(asked: Sequence[tuple[User, UUID]]) -> list[Assignment | None]:
    """Return each person's part in one task, None where the person was not asked; one query for all."""
    users, tasks = {user.pk for user, _ in asked}, {task for _, task in asked}
    parts = Assignment.objects.select_related("volunteer", "noted_by__volunteer")
    found = {
        (part.volunteer.user_id, part.task_id): part
        for part in parts.filter(volunteer__user__in=users, task__in=tasks)
    }
    return [found.get((user.pk, task)) for user, task in asked]


def part_to_note(user: User, task_id: UUID, volunteer: int, *, at: datetime) -> tuple[Assignment, Grant]:
    """Return a volunteer's part in a task, and the grant by which the caller may note its answer. Raises NotFound.

    Those may who dispatch the unit in which the volunteer was asked, and the task's issuers as far as they see the
    volunteer.
    """
    parts = Assignment.objects.filter(task=task_id, volunteer__number=volunteer)
    part = require(
        parts.select_related("volunteer__user", "task__unit", "unit", "noted_by__volunteer").first()
    )
    if grant := may_dispatch(user, part.unit, at):
        return part, grant
    is_seen = with_reach(parts).filter(seen_by_issuers(part.task, at)).exists()
    return part, require(may_direct(user, part.task, at) if is_seen else None)


def task_out(task: Task) -> TaskOut:
    """Return one task as those who were asked see it."""
    return task_outs([task])[0]


def task_outs(tasks: Iterable[Task]) -> list[TaskOut]:
    """Return tasks, read together with their units, in the order given; one query for all the units' parents."""
    given = list(tasks)
    units = unit_outs(task.unit for task in given)
    return [_task_out(task, unit) for task, unit in zip(given, units, strict=True)]


def task_details(tasks: Iterable[Task]) -> list[TaskDetail]:
    """Return tasks with their progress, in the order given; two queries however many."""
    given = list(tasks)
    progress = progress_of(given)
    return [TaskDetail(task=shape, progress=progress[shape.id]) for shape in task_outs(given)]


def task_page(
    user: User,
    *,
    unit: Unit | None = None,
    status: str | None = None,
    after: UUID | None = None,
    at: datetime,
) -> TaskPage:
    """Return up to 20 tasks that `user` directs, newest first; `after` is the last task of the page before."""
    tasks = directed = _directed_by(user, at)
    if unit:
        tasks = tasks.filter(seen_from(unit.path, "unit__"))
    if status:
        tasks = tasks.filter(status=status)
    if after:
        tasks = tasks.filter(_older_than(directed, after))
    page = list(tasks.select_related("unit").order_by("-created_at", "-pk")[: PAGE + 1])
    return TaskPage(items=task_details(page[:PAGE]), next=page[PAGE - 1].pk if len(page) > PAGE else None)


def call_out_out(call_out: CallOut) -> CallOutOut:
    """Return what a call-out did."""
    units = Unit.objects.filter(pk__in=call_out.units.values("unit")).order_by("path")
    return CallOutOut(
        id=call_out.pk,
        task=call_out.task_id,
        units=unit_outs(units),
        at=call_out.at,
        offered=call_out.offered,
        ask="on_duty" if call_out.ask else None,
    )


def _directed_by(user: User, at: datetime) -> QuerySet[Task]:
    covered = [seen_from(unit.path, "unit__") for unit in dispatched_units(user.pk, at=at)]
    return Task.objects.filter(reduce(or_, covered)) if covered else Task.objects.none()


def _older_than(tasks: QuerySet[Task], task_id: UUID) -> Q:
    last = tasks.filter(pk=task_id).values_list("created_at", flat=True).first()
    if last is None:
        raise NotFound
    return Q(created_at__lt=last) | Q(created_at=last, pk__lt=task_id)


def _task_out(task: Task, unit: UnitOut) -> TaskOut:
    return TaskOut.model_validate(
        {
            "id": task.pk,
            "revision": task.revision,
            "unit": unit,
            "category": task.category,
            "title": task.title,
            "instructions": task.instructions,
            "place": PlaceOut(name=task.place_name, lon=task.lon, lat=task.lat),
            "starts_at": task.starts_at,
            "answer_by": task.answer_by,
            "over_at": task.over_at,
            "headcount": task.headcount,
            "accepted": task.accepted,
            "requirements": task.requirements,
            "status": task.status,
            "created_at": task.created_at,
            "end_reason": task.end_reason,
            "dangerous": is_dangerous(task),
            "severity": task.severity,
            # A task that was called off locates no volunteer any more, whatever the basis was.
            "legal_basis": "" if task.status == TaskStatus.CANCELLED else task.legal_basis,
            "occasion": task.occasion_id,
        }
    )
