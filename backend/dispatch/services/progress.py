"""Tells the progress of a task to its issuers: at once, but at most twice a second."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.dispatch import queries
from backend.dispatch.events import TaskProgressed
from backend.dispatch.locks import tasks_to_lock
from backend.dispatch.models import Task
from backend.dispatch.schemas import AssignmentOut

AT_MOST_EVERY = timedelta(seconds=0.5)
MAX_LINES = 50
"""Lines that one event carries; of more it carries none, and issuers read the list again."""


def tell_progress(task: Task, changed: Sequence[AssignmentOut], act: Act) -> None:
    """Tell the issuers now by one event, or leave it to the clock when the last event is too young.

    Notes on the task what was told and what is due: the calling function has locked the task and saves it. The lines
    are left out when they are many, or when earlier ones have not been told.
    """
    at = act.at
    if task.progressed_at is not None and at - task.progressed_at < AT_MOST_EVERY:
        task.progress_due_at = task.progress_due_at or task.progressed_at + AT_MOST_EVERY
        return
    whole = task.progress_due_at is None and len(changed) <= MAX_LINES
    task.progressed_at, task.progress_due_at = at, None
    event = TaskProgressed(task=queries.task_out(task), changed=list(changed) if whole else [])
    act.tell(task.topic, event)


@transaction.atomic
def announce_progress(*, task_id: UUID, at: datetime) -> bool:
    """Tell a task's issuers of the answers they have not been told of, when that is due. Tells whether it did.

    Skips a task that another transaction has locked: it takes answers, and the next turn comes in half a second.
    """
    claimed = tasks_to_lock(skip_locked=True).select_related("unit")
    task = claimed.filter(pk=task_id, progress_due_at__lte=at).first()
    if task is None:
        return False
    with acting(by=None, at=at) as act:
        tell_progress(task, [], act)
        task.save(update_fields=["progressed_at", "progress_due_at"])
    return True
