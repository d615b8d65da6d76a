"""Sends tasks to units: the volunteers are found at that moment, by their state and the task's severity."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.acts import Acts
from backend.dispatch.events import TaskCalled, TaskProgressed
from backend.dispatch.models import CallOut, Notice, Task, TaskStatus
from backend.dispatch.rules import may_direct, posts_to_call
from backend.dispatch.schemas import CallOutIn
from backend.dispatch.services.offers import Asked, make_offers
from backend.dispatch.services.refusals import CallOutIdTaken, TaskOver
from backend.dispatch.services.tasks import lock_task
from backend.lib.errors import require
from backend.realtime.log import Audience
from backend.volunteers.models import Unit


@transaction.atomic
def call_out(*, task_id: UUID, wanted: CallOutIn, by: User, at: datetime) -> CallOut:
    """Ask every suitable volunteer in the units and below them: ready now, with the skills, not asked before.

    The task's severity says whether that is on duty, by plan, or woken; `wanted.ask` may narrow it to those on duty.
    A unit below another of the units counts once. The same id with the same content is a retry and returns the first
    call-out. Locks the task. Raises NotFound unless `by` may dispatch the task's unit and every called one,
    CallOutIdTaken, TaskOver, NobodyToAsk saying why, TooManyToAsk.
    """
    task = lock_task(task_id)
    grant = require(may_direct(by, task, at))
    units = queries.topmost(queries.units_numbered(wanted.units))
    _, *others = require(posts_to_call(by, units, at, grant))
    sent, created = _sent(wanted, task, units, by, at)
    if not created:
        return sent
    called = _called_units(sent, units)
    asked = make_offers(task, sent, called, at)
    sent.offered = sum(map(len, asked.values()))
    sent.save(update_fields=["offered"])
    task.save(update_fields=task.call())
    with acting(by=by, at=at, grant=grant) as act:
        # By the post that directs the task, with the others that were needed to call the units.
        by_others = {"posts": [post.title for post in others]} if others else {}
        details = {"call_out": str(sent.pk), "offered": sent.offered, **by_others}
        act.record(Acts.TASK_CALLED, task.topic, **details)
        _tell(task, sent, called, asked, act)
    return sent


def _sent(
    wanted: CallOutIn, task: Task, units: Sequence[Unit], by: User, at: datetime
) -> tuple[CallOut, bool]:
    """Return the call-out with this id, and whether it is new."""
    sent = CallOut.objects.filter(pk=wanted.id).first()
    if sent is None:
        require(task.status != TaskStatus.CANCELLED, TaskOver)
        if task.status == TaskStatus.CLOSED or at >= task.answer_by:
            raise TaskOver("The time to answer has passed: no more people can be asked.")
        # The task's lock keeps retries apart; the same id for another task at this very moment is caught here.
        content = {"task": task, "by": by, "at": at, "ask": wanted.ask or ""}
        sent, created = CallOut.objects.get_or_create(pk=wanted.id, defaults=content)
        if created:
            return sent, True
    same_units = set(sent.units.values_list("unit", flat=True)) == {unit.pk for unit in units}
    same = (sent.task_id, sent.by_id, sent.ask) == (task.pk, by.pk, wanted.ask or "")
    require(same and same_units, CallOutIdTaken)
    return sent, False


def _called_units(sent: CallOut, units: Sequence[Unit]) -> list[Notice]:
    rows = [
        Notice(
            task_id=sent.task_id,
            call_out=sent,
            unit=unit,
            event=TaskCalled.event_type,
            at=sent.at,
            topic=unit.topic,
        )
        for unit in units
    ]
    return Notice.objects.bulk_create(rows)


def _tell(task: Task, sent: CallOut, called: Sequence[Notice], asked: Asked, act: Act) -> None:
    """Tell the task to those asked through each unit, and note the place of that event in the unit's topic."""
    reached = [row for row in called if row.pk in asked]
    shape = queries.task_out(task)
    event = TaskCalled(call_out=sent.pk, task=shape)
    told = [act.tell(row.topic, event, Audience(numbers=asked[row.pk])) for row in reached]
    act.tell(task.topic, TaskProgressed(task=shape, changed=[]))

    def note() -> None:
        for row, offer in zip(reached, told, strict=True):
            row.seq = offer.seq
        Notice.objects.bulk_update(reached, ["seq"])

    act.once_told(note)
