"""What time brings to tasks."""

from datetime import datetime, timedelta

from backend.dispatch import services
from backend.dispatch.models import CallOut, Task
from backend.dispatch.services import departures, leavers
from backend.realtime.clock import due

BATCH = 100
"""Tasks dealt with in one turn; the rest wait for the next."""


@due(every=timedelta(seconds=5))
def close_tasks(*, at: datetime) -> int:
    """Close the tasks whose time to answer has passed; returns how many. Each in a transaction of its own."""
    overdue = Task.objects.to_be_closed(at).order_by("answer_by")
    ids = list(overdue.values_list("pk", flat=True)[:BATCH])
    return sum(services.close_task(task_id=task_id, at=at) for task_id in ids)


@due(every=timedelta(seconds=1))
def follow_call_outs(*, at: datetime) -> int:
    """Tell orders to those who left a unit while it was called out; returns to how many. Each in a transaction."""
    fresh = CallOut.objects.filter(is_followed=False).order_by("at")
    ids = list(fresh.values_list("pk", flat=True)[:BATCH])
    return sum(leavers.follow_call_out(call_out_id=one, at=at) for one in ids)


@due(every=timedelta(minutes=1))
def give_back_places(*, at: datetime) -> int:
    """Decline for suspended and retired volunteers what they still hold; returns how much.

    The change of standing itself does that after its commit. The clock does the rest: the process ended in between, the
    answer was refused, or a call-out had begun before the change and offered a place after it.
    """
    return departures.give_back_places(at=at)


@due(every=timedelta(minutes=1))
def give_back_parts_of_minors(*, at: datetime) -> int:
    """Decline for people who turn out to be minors what their attested age had let them be offered, or take."""
    return departures.give_back_parts_of_minors(at=at)


@due(every=timedelta(seconds=0.5))
def announce_progress(*, at: datetime) -> int:
    """Tell issuers of answers that came too fast to be told one by one; returns of how many tasks."""
    overdue = Task.objects.filter(progress_due_at__lte=at).order_by("progress_due_at")
    ids = list(overdue.values_list("pk", flat=True)[:BATCH])
    return sum(services.announce_progress(task_id=task_id, at=at) for task_id in ids)
