"""Takes the answers of those who were asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.audit.services import record_all
from backend.dispatch import queries
from backend.dispatch.events import AssignmentChanged, TaskFilled, TaskReopened
from backend.dispatch.locks import assignments_to_lock, tasks_to_lock
from backend.dispatch.models import Assignment, Notice, Task
from backend.dispatch.schemas import AnswerIn, AssignmentOut
from backend.dispatch.services.allocation import Answer, Places
from backend.dispatch.services.announcements import note_told, to_everyone_asked
from backend.dispatch.services.eligibility import Fitness
from backend.dispatch.services.progress import progress
from backend.lib.bulk import update_rows
from backend.lib.errors import NotFound, Refusal
from backend.realtime.log import Announcement, publish_all
from backend.tracking.positions import forget
from backend.volunteers.models import is_serving


def answer_offer(*, task_id: UUID, answer: AnswerIn, by: User, at: datetime) -> Assignment:
    """Accept or decline an offer of one's own; the same answer again changes nothing.

    Accepting a full task makes a reserve. Declining after accepting gives the place back, at any time: nobody is held
    to a task; the earliest reserve moves up. Raises NotFound to whoever was not asked, TaskOver when it was called off,
    OfferExpired, NotInService for accepting while suspended or retired, and what `Fitness.check` raises to whoever may
    not accept.
    """
    (outcome,) = answer_offers([Answer(task_id, answer, by, at)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


@transaction.atomic
def answer_offers(answers: Sequence[Answer]) -> list[Assignment | Refusal]:
    """Take many answers together, in their order; returns for each the part as the batch leaves it, or its refusal.

    A refusal harms no other answer. The places come out as if the answers had come one by one: exactly the headcount,
    reserves in the order of their time. Everyone whose part changed is told once, issuers of a task once. Locks the
    tasks in the order of their ids, then the assignments, so the last place goes to exactly one person. The number of
    statements grows with the number of tasks, not of answers.
    """
    by_task: defaultdict[UUID, list[Answer]] = defaultdict(list)
    for given in answers:
        by_task[given.task_id].append(given)
    places = {task.pk: _places(task, by_task[task.pk]) for task in _lock(by_task)}
    outcomes = [_taken(places.get(given.task_id), given) for given in answers]
    if any(of_task.changed for of_task in places.values()):
        _write(list(places.values()), max(given.at for given in answers))
    return outcomes


def _lock(task_ids: Iterable[UUID]) -> list[Task]:
    """Return the tasks that exist, locked one after the other in the order of their ids."""
    locked = tasks_to_lock().select_related("unit")
    return list(locked.filter(pk__in=list(task_ids)).order_by("pk"))


def _places(task: Task, answers: Sequence[Answer]) -> Places:
    """Read and lock the parts of those who answer, and the reserves who could move up."""
    answering = {given.by.pk: given.by for given in answers}
    own_parts = assignments_to_lock(task.assignments.all()).select_related("volunteer")
    own = list(own_parts.filter(volunteer__user__in=answering).order_by("pk"))
    at = max(given.at for given in answers)
    fitness = Fitness.of(task, own, at)
    declines = sum(given.answer.answer == "decline" for given in answers)
    if not declines:
        return Places(task, answering.values(), own, [], fitness)
    reserves = assignments_to_lock(task.assignments.in_reserve()).select_related("volunteer")
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


def _write(places: Sequence[Places], at: datetime) -> None:
    """Save, record and announce what has changed."""
    moved = [of_task for of_task in places if of_task.changed]
    changed = [assignment for of_task in moved for assignment in of_task.changed.values()]
    update_rows(changed, Assignment.ANSWERED)
    if gone := [number for of_task in moved for number in of_task.gone]:
        forget(gone, at=at)
    record_all(chain.from_iterable(of_task.acts for of_task in moved))
    shapes = {assignment.pk: AssignmentOut.of(assignment) for assignment in changed}
    own = [
        Announcement(assignment.volunteer.topic, AssignmentChanged(assignment=shapes[assignment.pk]))
        for assignment in changed
    ]
    announcements = [news for of_task in moved for news in _news(of_task, shapes, at)]
    for of_task in moved:
        of_task.task.save(update_fields=["accepted", "progressed_at", "progress_due_at"])
    seqs = publish_all([*own, *announcements], at=at)
    by_others = {pk for of_task in moved for pk in of_task.moved}
    _note_by_others({one: seq for one, seq in zip(changed, seqs, strict=False) if one.pk in by_others}, at)


def _news(places: Places, shapes: Mapping[int, AssignmentOut], at: datetime) -> list[Announcement]:
    """Return what everyone who was asked, and the issuers, are told of one task."""
    task, told = places.task, []
    if task.is_full and not places.was_full:
        told = to_everyone_asked(task, TaskFilled(task=task.pk, accepted=task.accepted))
    if places.was_full and not task.is_full and task.is_open(at):
        told = to_everyone_asked(task, TaskReopened(task=task.pk, accepted=task.accepted))
    return [*told, *progress(task, [shapes[pk] for pk in places.changed], at)]


def _note_by_others(changed: Mapping[Assignment, int], at: datetime) -> None:
    """Note that these volunteers have to hear what others did with their parts, given with the number of the event."""
    if not changed:
        return
    event = AssignmentChanged.event_type
    notices = [
        Notice(task_id=one.task_id, event=event, at=at, topic=one.volunteer.topic, seq=seq)
        for one, seq in changed.items()
    ]
    Notice.objects.bulk_create(notices)
    note_told(dict(zip((one.pk for one in changed), notices, strict=True)))
