"""Sends the events of a task to the volunteers who were asked, and notes the last event that concerned each."""

from collections.abc import Mapping, Sequence

from django.db.models import BigIntegerField, Case, F, Value, When

from backend.accounts.acting import Act, Told
from backend.dispatch import queries
from backend.dispatch.models import Assignment, AssignmentStatus, Becomes, Notice, Task, columns_of
from backend.dispatch.queries import Part
from backend.lib.bulk import update_rows
from backend.realtime.events import Event
from backend.realtime.log import Audience


def tell_everyone_asked(task: Task, event: Event, act: Act) -> None:
    """Tell once on each topic on which people who were asked hear of the task, to those people."""
    _tell(queries.parts_by_topic(task), event, act)


def tell_all_concerned(task: Task, event: Event, act: Act, *, becomes: Becomes | None = None) -> None:
    """Tell an event to every volunteer who was asked; it concerns those with a live part.

    For these it is noted as the last event that concerned them. What their part `becomes` is saved in the same
    statement. The task is locked. The number of statements grows only with the volunteers told on their own topics.
    """
    parts = queries.parts_by_topic(task)
    told = _tell(parts, event, act)
    live = AssignmentStatus.live()
    concerned = {
        topic: [part for part in of_topic if part.status in live] for topic, of_topic in parts.items()
    }

    def note() -> None:
        notices = [
            Notice(task=task, event=event.event_type, at=act.at, topic=topic, seq=told[topic].seq)
            for topic, live in concerned.items()
            if live
        ]
        Notice.objects.bulk_create(notices)
        _note(task, {notice: concerned[notice.topic] for notice in notices}, becomes or {})

    act.once_told(note)


def _tell(parts: Mapping[str, Sequence[Part]], event: Event, act: Act) -> dict[str, Told]:
    return {
        topic: act.tell(topic, event, Audience(numbers=[part.number for part in of_topic]))
        for topic, of_topic in parts.items()
    }


def _note(task: Task, told: Mapping[Notice, Sequence[Part]], becomes: Becomes) -> None:
    """Note for each live part by what its volunteer was told last, and what it has become."""
    alone = {notice: parts for notice, parts in told.items() if notice.topic.startswith("person.")}
    heard_by = {
        part.through: notice for notice, parts in told.items() if notice not in alone for part in parts
    }
    changes = columns_of(becomes) if becomes else {}
    if heard_by:
        by_unit = (When(through=through, then=Value(notice.pk)) for through, notice in heard_by.items())
        changes["told"] = Case(*by_unit, default=F("told_id"), output_field=BigIntegerField())
    if changes:
        task.assignments.live().update(**changes)
    _told_by({part.key: notice for notice, parts in alone.items() for part in parts})


def note_told(notices: Mapping[int, Notice]) -> None:
    """Keep notices that are new, and note for parts, by their keys, by which their volunteers were told last."""
    Notice.objects.bulk_create(notices.values())
    _told_by(notices)


def _told_by(notices: Mapping[int, Notice]) -> None:
    update_rows([Assignment(pk=part, told=notice) for part, notice in notices.items()], ["told_id"])
