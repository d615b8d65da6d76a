"""Whom an event of a task goes to, and what is noted of those whom it concerns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import BigIntegerField, Case, F, Value, When

from backend.dispatch import queries
from backend.dispatch.models import Assignment, AssignmentStatus, Becomes, Notice, Task, columns_of
from backend.dispatch.queries import Part
from backend.lib.bulk import update_rows
from backend.realtime.events import Event
from backend.realtime.log import Announcement, Audience, publish_all


def to_everyone_asked(task: Task, event: Event) -> list[Announcement]:
    """Return one announcement for each topic on which people who were asked hear of the task, to those people."""
    return _announcements(queries.parts_by_topic(task), event)


def tell_everyone_asked(
    task: Task, event: Event, *others: Announcement, becomes: Becomes | None = None, at: datetime
) -> None:
    """Publish an event to everyone who was asked, and other announcements with it: the last act of a service.

    It is noted as the last that concerned those whose part is live; what their part `becomes` by it is saved in the
    same statement. The task is locked. The number of statements grows only with those who hear on their own topics.
    """
    parts = queries.parts_by_topic(task)
    told = _announcements(parts, event)
    seqs = publish_all([*told, *others], at=at)
    live = AssignmentStatus.live()
    concerned = {
        topic: [part for part in of_topic if part.status in live] for topic, of_topic in parts.items()
    }
    notices = [
        Notice(task=task, event=event.event_type, at=at, topic=announcement.topic, seq=seq)
        for announcement, seq in zip(told, seqs, strict=False)
        if concerned[announcement.topic]
    ]
    Notice.objects.bulk_create(notices)
    _note(task, {notice: concerned[notice.topic] for notice in notices}, becomes or {})


def _announcements(parts: Mapping[str, Sequence[Part]], event: Event) -> list[Announcement]:
    return [
        Announcement(topic, event, Audience(numbers=[part.number for part in of_topic]))
        for topic, of_topic in parts.items()
    ]


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
    note_told({part.key: notice for notice, parts in alone.items() for part in parts})


def note_told(notices: Mapping[int, Notice]) -> None:
    """Note for parts, by their keys, by what their volunteers were told last."""
    update_rows([Assignment(pk=part, told=notice) for part, notice in notices.items()], ["told_id"])
