"""What becomes of tasks when their unit is no more."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from backend.dispatch.locks import tasks_to_lock
from backend.dispatch.models import Task, TaskStatus
from backend.volunteers.models import Unit


def give_tasks(unit: Unit, successor: Unit, at: datetime) -> None:
    """Give the tasks that are not over to the unit's successor, whose leaders see them through.

    Locks them, in the order of their keys, before the units: answers and call-outs lock the task first.
    """
    lasts = settings.MUSTER.max_duty
    under_way = Q(status=TaskStatus.CLOSED, starts_at__gt=at - lasts)
    going_on = Task.objects.filter(Q(status__in=[TaskStatus.DRAFT, TaskStatus.CALLED]) | under_way, unit=unit)
    for task in tasks_to_lock(going_on).order_by("pk"):
        task.unit = successor
        task.save(update_fields=["unit"])
