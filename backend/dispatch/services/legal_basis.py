"""Names the legal basis by which volunteers on a task are located without their consent."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.acts import Acts
from backend.dispatch.events import LegalBasisNamed, TaskProgressed
from backend.dispatch.models import Task, TaskStatus
from backend.dispatch.rules import may_command, may_direct
from backend.dispatch.schemas import LegalBasisIn
from backend.dispatch.services.announcements import tell_all_concerned
from backend.dispatch.services.refusals import TaskOver
from backend.dispatch.services.tasks import lock_task
from backend.lib.errors import NotAllowed, require
from backend.tracking.positions import forget
from backend.volunteers.rules import agrees_to_location


@transaction.atomic
def name_legal_basis(*, task_id: UUID, wanted: LegalBasisIn, by: User, at: datetime) -> Task:
    """Locate the volunteers on a task without their consent because life is at stake, or end that.

    Every volunteer who was asked is told. The basis stands on the task; in the audit it has the reason and the post.
    A repetition changes nothing. Locks the task. Raises NotFound to a caller who does not direct the task, NotAllowed
    to one who does not command it, TaskOver.
    """
    task = lock_task(task_id)
    require(may_direct(by, task, at))
    grant = may_command(by, task, at)
    if not grant:
        raise NotAllowed("Only a commander names a legal basis.")
    require(task.status != TaskStatus.CANCELLED, TaskOver)
    basis = wanted.legal_basis or ""
    if task.legal_basis == basis:
        return task
    task.save(update_fields=task.name_basis(basis, at=at))
    if not basis:
        _forget_who_disagree(task, at)
    shape = queries.task_out(task)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.TASK_LEGAL_BASIS_NAMED, task.topic, legal_basis=basis, reason=wanted.reason)
        tell_all_concerned(
            task, LegalBasisNamed(task=task.pk, revision=task.revision, legal_basis=shape.legal_basis), act
        )
        act.tell(task.topic, TaskProgressed(task=shape, changed=[]))
    return task


def _forget_who_disagree(task: Task, at: datetime) -> None:
    """Take off the map the volunteers whom the basis alone made visible."""
    on_it = task.assignments.holding_place()
    agreeing = on_it.filter(agrees_to_location("volunteer__")).values("pk")
    on_it = on_it.exclude(pk__in=agreeing)
    forget(on_it.values_list("volunteer__number", flat=True), at=at)
