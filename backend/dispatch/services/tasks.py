"""Makes tasks and ends them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.acts import Acts
from backend.dispatch.events import TaskCancelled, TaskClosed, TaskProgressed
from backend.dispatch.locks import tasks_to_lock
from backend.dispatch.models import AssignmentStatus, Becomes, Task, TaskStatus
from backend.dispatch.rules import may_direct, may_grade
from backend.dispatch.schemas import TaskIn
from backend.dispatch.services.announcements import tell_all_concerned
from backend.dispatch.services.refusals import LifeAtStakeNotYours, TaskIdTaken
from backend.lib.datum import to_wgs84
from backend.lib.errors import Invalid, NotFound, require
from backend.papers.queries import occasion_of_task
from backend.papers.services.refusals import OccasionOver
from backend.tracking.positions import forget
from backend.volunteers.models import Unit, is_on_duty
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import may_dispatch

AHEAD = timedelta(days=366)
"""How far ahead a task may start: a year is a plan, ten are a slip of the finger."""


def lock_task(task_id: UUID) -> Task:
    """Return the task, locked, or raise NotFound. It is locked before any of its assignments, everywhere."""
    task = tasks_to_lock().select_related("unit").filter(pk=task_id).first()
    if task is None:
        raise NotFound
    return task


@transaction.atomic
def create_task(*, wanted: TaskIn, by: User, at: datetime) -> Task:
    """Make a draft of a task: no volunteer has been asked yet.

    The same id with the same content from the same person is a retry and returns the first task. Raises NotFound for a
    unit that `by` may not dispatch, and for an occasion of a unit that is not above it; LifeAtStakeNotYours,
    OccasionOver, Invalid naming the field, TaskIdTaken.
    """
    unit = unit_by_number(wanted.unit)
    require(may_dispatch(by, unit, at))
    grant = require(may_grade(by, unit, wanted.severity, at), LifeAtStakeNotYours)
    occasion = occasion_of_task(wanted.occasion, unit) if wanted.occasion else None
    content = _content(wanted, unit, by)
    task = Task.objects.filter(pk=wanted.id).first()
    if task is None:
        _check(wanted, at)
        require(
            occasion is None or (occasion.runs(wanted.starts_at) and not occasion.is_over(at)), OccasionOver
        )
        # Two retries at once: the database lets one of them insert, the other gets that row.
        task, created = Task.objects.get_or_create(pk=wanted.id, defaults={**content, "created_at": at})
        if created:
            with acting(by=by, at=at, grant=grant) as act:
                act.record(Acts.TASK_CREATED, task.topic)
    require(all(getattr(task, name) == value for name, value in content.items()), TaskIdTaken)
    return task


@transaction.atomic
def cancel_task(*, task_id: UUID, reason: str, by: User, at: datetime) -> Task:
    """Call a task off, whatever its state; every volunteer who was asked is told. A repetition changes nothing."""
    task = lock_task(task_id)
    grant = require(may_direct(by, task, at))
    if task.status == TaskStatus.CANCELLED:
        return task
    _take_off_the_map(task, at)
    task.save(update_fields=task.cancel(at=at, reason=reason))
    with acting(by=by, at=at, grant=grant) as act:
        # The reason stays with the task: what people write may name people, and the record is for good.
        act.record(Acts.TASK_CANCELLED, task.topic)
        cancelled = TaskCancelled(task=task.pk, revision=task.revision, reason=reason)
        _tell(task, cancelled, AssignmentStatus.after_cancelling(), act)
    return task


@transaction.atomic
def close_task(*, task_id: UUID, at: datetime) -> bool:
    """Close a called task whose time to answer has passed: offers without an answer expire. Tells whether it did.

    Skips a task that another transaction has locked: another clock closes it, or an answer is being taken. The next
    turn comes in seconds.
    """
    claimed = tasks_to_lock(Task.objects.to_be_closed(at), skip_locked=True).select_related("unit")
    task = claimed.filter(pk=task_id).first()
    if task is None:
        return False
    task.save(update_fields=task.close(at=at))
    with acting(by=None, at=at) as act:
        act.record(Acts.TASK_CLOSED, task.topic, accepted=task.accepted)
        closed = TaskClosed(task=task.pk, revision=task.revision, accepted=task.accepted)
        _tell(task, closed, AssignmentStatus.after_closing(), act)
    return True


def _take_off_the_map(task: Task, at: datetime) -> None:
    """Take off the map the volunteers whom only this task made visible: with a place, and not on duty."""
    visible = task.assignments.holding_place().filter(~is_on_duty(at, "volunteer__"))
    forget(visible.values_list("volunteer__number", flat=True), at=at)


def _content(wanted: TaskIn, unit: Unit, by: User) -> dict[str, Any]:
    """Return the fields that make two tasks the same."""
    lon, lat = to_wgs84(wanted.place.lon, wanted.place.lat, wanted.place.datum)
    return {
        "unit_id": unit.pk,
        "created_by_id": by.pk,
        "category": wanted.category,
        "title": wanted.title,
        "instructions": wanted.instructions,
        "place_name": wanted.place.name,
        "lon": lon,
        "lat": lat,
        "starts_at": wanted.starts_at,
        "answer_by": wanted.answer_by,
        "headcount": wanted.headcount,
        "severity": wanted.severity,
        "requirements": list(dict.fromkeys(wanted.requirements)),
        "occasion_id": wanted.occasion,
    }


def _check(wanted: TaskIn, at: datetime) -> None:
    """Raise Invalid with everything that is wrong with a new task, so that a person corrects it once."""
    errors = []
    if wanted.answer_by <= at:
        errors.append({"pointer": "/answer_by", "detail": "answer_by must be in the future"})
    if wanted.starts_at - at > AHEAD:
        errors.append({"pointer": "/starts_at", "detail": "starts_at must be within a year"})
    unknown = queries.unknown_skills(wanted.requirements)
    for index, code in enumerate(wanted.requirements):
        if code in unknown:
            errors.append({"pointer": f"/requirements/{index}", "detail": f"there is no skill {code!r}"})
    if errors:
        raise Invalid(errors=errors)


def _tell(task: Task, event: TaskCancelled | TaskClosed, becomes: Becomes, act: Act) -> None:
    tell_all_concerned(task, event, act, becomes=becomes)
    act.tell(task.topic, TaskProgressed(task=queries.task_out(task), changed=[]))
