"""What dispatch keeps of a person: the parts in tasks, for export and deletion."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from backend.dispatch.locks import tasks_to_lock
from backend.dispatch.models import Assignment, Task
from backend.dispatch.services.refusals import StillOnTask
from backend.lib.errors import require
from backend.realtime.log import trim_topics
from backend.volunteers.models import Volunteer

MOST = 10_000
"""Parts of one person that an export holds; the newest come first."""


def assignments_of(volunteer: Volunteer) -> Any:
    """Return every part of a person in tasks, the newest first."""
    fields = (
        *("task", "task__title", "task__category", "task__starts_at", "task__place_name", "unit__number"),
        *("status", "offered_at", "answered_at", "eta_at", "risk_acknowledged_at", "reason"),
        *("way", "notice", "own_since", "noted_by__volunteer__number"),
    )
    return list(_parts_of(volunteer).order_by("-offered_at", "-pk").values(*fields)[:MOST])


def _parts_of(volunteer: Volunteer) -> QuerySet[Assignment]:
    """Return a person's parts, those of records merged into theirs included."""
    return Assignment.objects.filter(Q(volunteer=volunteer) | Q(volunteer__merged_into=volunteer))


def check_no_open_task(volunteer: Volunteer, at: datetime) -> None:
    """Raise StillOnTask for a volunteer who has accepted a task that is not over: the task counts on them.

    Locks the open tasks that the volunteer was asked for, as answering does. No answer is on its way meanwhile, and a
    later one finds no volunteer.
    """
    asked = tasks_to_lock(Task.objects.called()).filter(assignments__volunteer=volunteer)
    list(asked.order_by("pk").values_list("pk", flat=True))
    require(not volunteer.assignments.taking_part(at).exists(), StillOnTask)


def erase_words(volunteer: Volunteer, at: datetime) -> None:
    """Take out what the person wrote; the parts stay as service records of a number without a name.

    Events of the tasks told it to the issuers. The events that are still kept go, and consoles get a snapshot instead.
    """
    kept = settings.MUSTER.events_kept
    answered = _parts_of(volunteer).filter(answered_at__gte=at - kept).values_list("task", flat=True)
    trim_topics(f"task.{task}" for task in answered)
    _parts_of(volunteer).exclude(reason="").update(reason="")
