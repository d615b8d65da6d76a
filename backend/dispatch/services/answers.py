"""Takes the answers of those who were asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import Act, Told, acting
from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.acts import Acts
from backend.dispatch.events import AssignmentChanged, TaskFilled, TaskReopened
from backend.dispatch.locks import assignments_to_lock, tasks_to_lock
from backend.dispatch.models import Assignment, AssignmentStatus, Notice, Task
from backend.dispatch.schemas import AnswerIn, AssignmentOut
from backend.dispatch.services.allocation import Answer, Places
from backend.dispatch.services.announcements import note_told, tell_everyone_asked
from backend.dispatch.services.eligibility import Fitness
from backend.dispatch.services.progress import tell_progress
from backend.lib.bulk import update_rows
from backend.lib.errors import NotFound, Refusal
from backend.tracking.positions import forget
from backend.volunteers.models import is_serving

COME_TO = {
    AssignmentStatus.ACCEPTED: Acts.ASSIGNMENT_ACCEPTED,
    AssignmentStatus.DECLINED: Acts.ASSIGNMENT_DECLINED,
    AssignmentStatus.RESERVE: Acts.ASSIGNMENT_RESERVE,
}
"""The act by which a part comes to a status."""


def answer_offer(*, task_id: UUID, answer: AnswerIn, by: User, at: datetime) -> Assignment:
    """Accept or decline an offer of one's own; the same answer again changes nothing.

    Accepting a full task makes a reserve. Declining after accepting gives the place back and the earliest reserve moves
    up. It is possible at any time: no volunteer is held to a task. Raises NotFound to a caller who was not asked,
    TaskOver when the task was called off, OfferExpired, and NotInService for accepting while suspended or retired. A
    volunteer who may not accept gets what `Fitness.check` raises.
    """
    (outcome,) = answer_offers([Answer(task_id, answer, by, at)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


@transaction.atomic
def answer_offers(answers: Sequence[Answer]) -> list[Assignment | Refusal]:
    """Take a batch of answers, in their order; returns for each the part as the batch leaves it, or its refusal.

    A refusal harms no other answer. The places come out as if the answers had come one by one: exactly the headcount,
    reserves in the order of their time. Each volunteer whose part changed is told once, and so are the issuers of a
    task. Locks the tasks in the order of their ids, then the assignments: the last place goes to exactly one volunteer.
    The number of statements grows with the number of tasks, not of answers.
    """
    by_task: defaultdict[UUID, list[Answer]] = defaultdict(list)
    for given in answers:
        by_task[given.task_id].append(given)
    places = {task.pk: _places(task, by_task[task.pk]) for task in _lock(by_task)}
    outcomes = [_taken(places.get(given.task_id), given) for given in answers]
    if any(of_task.changed for of_task in places.values()):
        with acting(by=None, at=max(given.at for given in answers)) as act:
            _write([of_task for of_task in places.values() if of_task.changed], act)
    return outcomes


def _lock(task_ids: Iterable[UUID]) -> list[Task]:
    """Return the tasks that exist, locked one after the other in the order of their ids."""
    locked = tasks_to_lock().select_related("unit")
    return list(locked.filter(pk__in=list(task_ids)).order_by("pk"))


def _places(task: Task, answers: Sequence[Answer]) -> Places:
    """Read and lock the parts of those who answer, and the reserves who could move up."""
    answering = {given.by.pk: given.by for given in answers}
    own_parts = assignments_to_lock(task.assignments.all()).select_related("volunteer", "unit")
    own = list(own_parts.filter(volunteer__user__in=answering).order_by("pk"))
    at = max(given.at for given in answers)
    fitness = Fitness.of(task, own, at)
    declines = sum(given.answer.answer == "decline" for given in answers)
    if not declines:
        return Places(task, answering.values(), own, [], fitness)
    reserves = assignments_to_lock(task.assignments.in_reserve()).select_related("volunteer", "unit")
    reserves = reserves.filter(queries.let_by_law(task, at), is_serving("volunteer__"))
    others = reserves.exclude(pk__in=[assignment.pk for assignment in own])
    return Places(task, answering.values(), own, others.order_by("answered_at", "pk")[:declines], fitness)


def _taken(places: Places | None, given: Answer) -> Assignment | Refusal:
    if places is None:
        return NotFound()
    try:
        return places.take(given)
    except Refusal as refusal:
        return refusal


def _write(moved: Sequence[Places], act: Act) -> None:
    """Save, record and tell what has changed."""
    changed = [assignment for of_task in moved for assignment in of_task.changed.values()]
    update_rows(changed, Assignment.ANSWERED)
    if gone := [number for of_task in moved for number in of_task.gone]:
        forget(gone, at=act.at)
    for of_task in moved:
        _record(of_task, act)
    shapes = {assignment.pk: AssignmentOut.of(assignment) for assignment in changed}
    told = {
        one: act.tell(one.volunteer.topic, AssignmentChanged(assignment=shapes[one.pk])) for one in changed
    }
    for of_task in moved:
        _tell(of_task, shapes, act)
        of_task.task.save(update_fields=["accepted", "revision", "progressed_at", "progress_due_at"])
    by_others = {pk for of_task in moved for pk in of_task.moved}
    if concerned := {one: event for one, event in told.items() if one.pk in by_others}:
        act.once_told(lambda: _note_by_others(concerned, act.at))


def _record(places: Places, act: Act) -> None:
    """Record each answer in the name of its volunteer, or of the leader who noted it; of the clock in no name."""
    for given, status in places.taken:
        if word := given.word:
            act.of(word.by, at=given.at, grant=word.grant).record(
                Acts.ASSIGNMENT_NOTED,
                places.task.topic,
                volunteer=f"volunteer.{word.volunteer}",
                status=str(status),
                how=str(word.how),
                said_at=word.said_at.isoformat(),
            )
            continue
        by = None if given.by_clock else given.by
        act.of(by, at=given.at).record(COME_TO[status], places.task.topic)


def _tell(places: Places, shapes: Mapping[int, AssignmentOut], act: Act) -> None:
    """Tell every volunteer who was asked, and the issuers, how one task stands."""
    task = places.task
    if task.is_full and not places.was_full:
        task.revise()
        filled = TaskFilled(task=task.pk, revision=task.revision, accepted=task.accepted)
        tell_everyone_asked(task, filled, act)
    if places.was_full and not task.is_full and task.is_open(act.at):
        task.revise()
        reopened = TaskReopened(task=task.pk, revision=task.revision, accepted=task.accepted)
        tell_everyone_asked(task, reopened, act)
    are_shown = all(queries.is_shown(task, part) for part in places.changed.values())
    tell_progress(task, [shapes[pk] for pk in places.changed] if are_shown else [], act)


def _note_by_others(changed: Mapping[Assignment, Told], at: datetime) -> None:
    """Note that these volunteers must hear what others did with their parts; each comes with the event of it."""
    event = AssignmentChanged.event_type
    note_told(
        {
            one.pk: Notice(task_id=one.task_id, event=event, at=at, topic=one.volunteer.topic, seq=told.seq)
            for one, told in changed.items()
        }
    )
