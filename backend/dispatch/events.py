"""The events of tasks.

An event for every volunteer who was asked goes to the topics of the units that were called out. A volunteer who has
left the unit since gets it on the topic of their own. `revision` orders what is told of one task on several topics.
"""

from typing import Literal
from uuid import UUID

from backend.dispatch.models import LegalBasis
from backend.dispatch.schemas import AssignmentOut, Revision, TaskOut
from backend.realtime.events import Event


class TaskCalled(Event, type="task.called", topics=("unit", "person")):
    """You are asked to take part. Sent to the topics of the units called out, to those the offer is for.

    A volunteer who left the unit at that very moment gets it on the topic of their own.
    """

    call_out: UUID
    task: TaskOut


class TaskFilled(Event, type="task.filled", topics=("unit", "person")):
    """Enough people have accepted; who accepts from now on becomes a reserve. Sent to everyone who was asked."""

    task: UUID
    revision: Revision
    accepted: int


class TaskReopened(Event, type="task.reopened", topics=("unit", "person")):
    """A place has become free again and there is no reserve to take it. Sent to everyone who was asked."""

    task: UUID
    revision: Revision
    accepted: int


class LegalBasisNamed(Event, type="task.legal_basis_named", topics=("unit", "person")):
    """Those on the task are located without their consent from now on, or no longer. Sent to everyone who was asked."""

    task: UUID
    revision: Revision
    legal_basis: LegalBasis | Literal[""]


class TaskCancelled(Event, type="task.cancelled", topics=("unit", "person")):
    """The task was called off. Sent to everyone who was asked."""

    task: UUID
    revision: Revision
    reason: str


class TaskClosed(Event, type="task.closed", topics=("unit", "person")):
    """The time to answer has passed; offers without an answer have expired. Sent to everyone who was asked."""

    task: UUID
    revision: Revision
    accepted: int


class AssignmentChanged(Event, type="assignment.changed", topics=("person",)):
    """Your part in a task changed: you answered, perhaps on another device, or moved up from the reserve.

    The end of a task for all (`task.cancelled`, `task.closed`) is told once, not to each person again.
    """

    assignment: AssignmentOut


class TaskProgressed(Event, type="task.progressed", topics=("task",)):
    """A volunteer answered, or the task changed; sent to its issuers, for answers at most twice a second.

    `changed` are the lines that are new since the last. It is empty when many change at once (called out, cancelled,
    closed, many answers within half a second): read the progress again.
    """

    task: TaskOut
    changed: list[AssignmentOut]
