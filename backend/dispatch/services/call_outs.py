"""Sends tasks to units: the people are found at that moment, from who is on duty then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.audit.services import record
from backend.dispatch import queries
from backend.dispatch.events import TaskCalled, TaskProgressed
from backend.dispatch.models import CallOut, Notice, Task, TaskStatus
from backend.dispatch.rules import post_to_direct, posts_to_call
from backend.dispatch.schemas import CallOutIn
from backend.dispatch.services.offers import Asked, make_offers
from backend.dispatch.services.refusals import CallOutIdTaken, TaskOver
from backend.dispatch.services.tasks import lock_task
from backend.lib.errors import require, required
from backend.realtime.log import Announcement, Audience, publish_all
from backend.volunteers.models import Post, Unit
from backend.volunteers.queries import topmost


@transaction.atomic
def call_out(*, task_id: UUID, wanted: CallOutIn, by: User, at: datetime) -> CallOut:
    """Ask everyone suitable in the units and below them: on duty now, with the skills, not asked before.

    A unit below another of the units counts once. The same id with the same content is a retry and returns the first
    call-out. Locks the task. Raises NotFound unless `by` may dispatch the task's unit and every called one,
    CallOutIdTaken, TaskOver, NobodyToAsk saying why, TooManyToAsk.
    """
    task = lock_task(task_id)
    directing = required(post_to_direct(by, task.unit, at))
    units = topmost(queries.units_numbered(wanted.units))
    posts = posts_to_call(by, units, at, directing)
    require(bool(posts))
    sent, created = _sent(wanted.id, task, units, by, at)
    if not created:
        return sent
    called = _called_units(sent, units)
    asked = make_offers(task, sent, called, at)
    sent.offered = sum(map(len, asked.values()))
    sent.save(update_fields=["offered"])
    task.save(update_fields=task.call())
    _record(task, sent, posts)
    _publish(task, sent, called, asked, at)
    return sent


def _sent(id: UUID, task: Task, units: Sequence[Unit], by: User, at: datetime) -> tuple[CallOut, bool]:
    """Return the call-out with this id, and whether it is new."""
    sent = CallOut.objects.filter(pk=id).first()
    if sent is None:
        require(task.status != TaskStatus.CANCELLED, TaskOver)
        if task.status == TaskStatus.CLOSED or at >= task.answer_by:
            raise TaskOver("The time to answer has passed: no more people can be asked.")
        # The task's lock keeps retries apart; the same id for another task at this very moment is caught here.
        sent, created = CallOut.objects.get_or_create(pk=id, defaults={"task": task, "by": by, "at": at})
        if created:
            return sent, True
    same_units = set(sent.units.values_list("unit", flat=True)) == {unit.pk for unit in units}
    require((sent.task_id, sent.by_id) == (task.pk, by.pk) and same_units, CallOutIdTaken)
    return sent, False


def _record(task: Task, sent: CallOut, posts: Sequence[Post]) -> None:
    """Record the call-out by the post that directs the task, with the others that were needed to call the units."""
    first, *others = (post.title for post in posts)
    details: dict[str, Any] = {"call_out": str(sent.pk), "offered": sent.offered}
    if others:
        details["posts"] = others
    record("task.called", subject=task.topic, by=sent.by, at=sent.at, post=first, **details)


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


def _publish(task: Task, sent: CallOut, called: Sequence[Notice], asked: Asked, at: datetime) -> None:
    """Announce the task to those asked through each unit, and note the place of that event in the unit's topic."""
    reached = [row for row in called if row.pk in asked]
    shape = queries.task_out(task)
    event = TaskCalled(call_out=sent.pk, task=shape)
    offers = [Announcement(row.topic, event, Audience(numbers=asked[row.pk])) for row in reached]
    seqs = publish_all([*offers, Announcement(task.topic, TaskProgressed(task=shape, changed=[]))], at=at)
    for row, seq in zip(reached, seqs, strict=False):
        row.seq = seq
    Notice.objects.bulk_update(reached, ["seq"])
