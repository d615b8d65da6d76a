"""Gives away the tasks of a unit that is retired."""

from datetime import datetime

from backend.dispatch.locks import tasks_to_lock
from backend.dispatch.models import Task
from backend.volunteers.models import Unit


def give_tasks(unit: Unit, successor: Unit, at: datetime) -> None:
    """Give the tasks that are not over to the unit's successor, whose leaders finish them.

    Locks the tasks, in the order of their keys, before the units: answers and call-outs lock the task first.
    """
    for task in tasks_to_lock(Task.objects.not_over(at).filter(unit=unit)).order_by("pk"):
        task.unit = successor
        task.save(update_fields=["unit"])
