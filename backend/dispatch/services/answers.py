"""Takes the answers of those who were asked."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.audit.services import record
from backend.dispatch import queries
from backend.dispatch.events import AssignmentChanged, TaskFilled, TaskProgressed, TaskReopened
from backend.dispatch.models import Assignment, AssignmentStatus, Task, TaskStatus
from backend.dispatch.schemas import AnswerIn, AssignmentOut
from backend.dispatch.services.announcements import to_everyone_asked
from backend.dispatch.services.refusals import OfferExpired, TaskOver
from backend.dispatch.services.tasks import lock_task
from backend.lib.errors import NotFound
from backend.realtime.log import Announcement, publish_all
from backend.realtime.positions import forget
from backend.volunteers.models import User

TAKING_PART = (AssignmentStatus.ACCEPTED, AssignmentStatus.RESERVE)
SAME = {"accept": TAKING_PART, "decline": (AssignmentStatus.DECLINED,)}
"""The states in which an answer has been given already."""


@transaction.atomic
def answer_offer(*, task_id: UUID, answer: AnswerIn, by: User, at: datetime) -> Assignment:
    """Accept or decline an offer of one's own; the same answer again changes nothing.

    Accepting a full task makes a reserve. Declining after accepting gives the place back, at any time: nobody is held
    to a task; the earliest reserve moves up. Locks the task first, then the assignment, so the last place goes to
    exactly one person. Raises NotFound to whoever was not asked, TaskOver when it was called off, OfferExpired.
    """
    task = lock_task(task_id)
    assignment = _lock_own(task, by)
    if assignment.status in SAME[answer.answer]:
        return assignment
    _check(task, assignment, answer, at)
    was_full, had = task.is_full, task.accepted
    changed = _accept(task, assignment) if answer.answer == "accept" else _decline(task, assignment, at)
    assignment.answered_at, assignment.reason = at, answer.reason
    assignment.eta_at = _eta(answer, at)
    assignment.save(update_fields=["status", "answered_at", "eta_at", "reason"])
    if task.accepted != had:
        task.save(update_fields=["accepted"])
    record(f"assignment.{assignment.status}", subject=task.topic, by=by, at=at)
    _publish(task, changed, was_full, at)
    return assignment


def _lock_own(task: Task, by: User) -> Assignment:
    own = task.assignments.select_for_update(of=("self",)).select_related("volunteer")
    assignment = own.filter(volunteer__user=by).first()
    if assignment is None:
        raise NotFound
    return assignment


def _check(task: Task, assignment: Assignment, answer: AnswerIn, at: datetime) -> None:
    if task.status == TaskStatus.CANCELLED:
        raise TaskOver
    gives_back = answer.answer == "decline" and assignment.status in TAKING_PART
    if not (task.is_open(at) or gives_back):
        raise OfferExpired


def _eta(answer: AnswerIn, at: datetime) -> datetime | None:
    if answer.answer == "decline" or answer.eta_min is None:
        return None
    return at + timedelta(minutes=answer.eta_min)


def _accept(task: Task, assignment: Assignment) -> list[Assignment]:
    """Take a place, or a place in the reserve; returns what changed."""
    if task.is_full:
        assignment.status = AssignmentStatus.RESERVE
    else:
        assignment.status = AssignmentStatus.ACCEPTED
        task.accepted += 1
    return [assignment]


def _decline(task: Task, assignment: Assignment, at: datetime) -> list[Assignment]:
    """Decline, and give a place that was taken to the earliest reserve; returns what changed.

    Whoever gives a place back is off the live map at once, unless they are on duty.
    """
    had_place = assignment.status == AssignmentStatus.ACCEPTED
    assignment.status = AssignmentStatus.DECLINED
    if not had_place:
        return [assignment]
    if not assignment.volunteer.is_on_duty(at):
        forget([assignment.volunteer.number], at=at)
    promoted = _promote_reserve(task)
    if promoted is None:
        task.accepted -= 1
        return [assignment]
    return [assignment, promoted]


def _promote_reserve(task: Task) -> Assignment | None:
    """Move up the reserve who answered first and still has an account."""
    reserves = task.assignments.select_for_update(of=("self",)).select_related("volunteer")
    waiting = reserves.filter(status=AssignmentStatus.RESERVE, volunteer__user__is_active=True)
    promoted = waiting.order_by("answered_at", "pk").first()
    if promoted is not None:
        promoted.status = AssignmentStatus.ACCEPTED
        promoted.save(update_fields=["status"])
    return promoted


def _publish(task: Task, changed: list[Assignment], was_full: bool, at: datetime) -> None:
    shapes = [AssignmentOut.of(assignment) for assignment in changed]
    told = [
        Announcement(assignment.volunteer.topic, AssignmentChanged(assignment=shape))
        for assignment, shape in zip(changed, shapes, strict=True)
    ]
    if task.is_full and not was_full:
        told += to_everyone_asked(task, TaskFilled(task=task.pk, accepted=task.accepted))
    if was_full and not task.is_full and task.is_open(at):
        told += to_everyone_asked(task, TaskReopened(task=task.pk, accepted=task.accepted))
    progressed = TaskProgressed(task=queries.task_out(task), changed=shapes)
    publish_all([*told, Announcement(task.topic, progressed)], at=at)
