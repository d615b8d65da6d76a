"""Tells an order to volunteers who left the unit at the very moment at which it was called out."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.dispatch import queries
from backend.dispatch.events import TaskCalled
from backend.dispatch.models import Assignment, AssignmentStatus, CallOut, Notice
from backend.dispatch.queries.reach import UNHEARD, with_reach
from backend.dispatch.services.announcements import note_told
from backend.dispatch.services.tasks import lock_task


@transaction.atomic
def follow_call_out(*, call_out_id: UUID, at: datetime) -> int:
    """Tell on their own topics those whom a call-out asked through a unit that they had left when it was told.

    A transfer and a call-out that run at the same time do not see each other: the volunteer is asked as a member, and
    has left the unit's topic, with an inbox that was read before. A volunteer who leaves later reads an inbox with the
    offer. Returns how many were told. Locks the task. Again tells no volunteer a second time.
    """
    sent = CallOut.objects.filter(pk=call_out_id, is_followed=False).first()
    if sent is None:
        return 0
    task = lock_task(sent.task_id)
    told_by = set(sent.units.values_list("pk", flat=True))
    left = [
        part
        for topic, parts in queries.parts_by_topic(task).items()
        for part in parts
        if topic.startswith("person.") and part.through in told_by
    ]
    parts = Assignment.objects.select_related("volunteer").filter(
        pk__in=[part.key for part in left], told__in=told_by, status__in=AssignmentStatus.unanswered()
    )
    waiting = with_reach(parts).filter(UNHEARD)
    CallOut.objects.filter(pk=sent.pk).update(is_followed=True)
    found = list(waiting.order_by("pk"))
    if not found:
        return 0
    with acting(by=None, at=at) as act:
        event = TaskCalled(call_out=sent.pk, task=queries.task_out(task))
        told = [act.tell(part.volunteer.topic, event) for part in found]

        def note() -> None:
            note_told(
                {
                    part.pk: Notice(
                        task=task, event=event.event_type, at=at, topic=part.volunteer.topic, seq=one.seq
                    )
                    for part, one in zip(found, told, strict=True)
                }
            )

        act.once_told(note)
    return len(found)
