"""Locks on tasks and the parts that people have in them. The task comes first, before volunteers and all below."""

from django.db.models import QuerySet

from backend.dispatch.models import Assignment, Task
from backend.lib.locks import locking


def tasks_to_lock(among: QuerySet[Task] | None = None, *, skip_locked: bool = False) -> QuerySet[Task]:
    """Return tasks that are locked as they are read."""
    return locking(Task, among, skip_locked=skip_locked)


def assignments_to_lock(among: QuerySet[Assignment] | None = None) -> QuerySet[Assignment]:
    """Return assignments that are locked as they are read; their task is locked before."""
    return locking(Assignment, among)
