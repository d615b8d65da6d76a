"""The socket's door: the one act where every phone of a county answers at once."""

from datetime import datetime

from backend.dispatch import services
from backend.dispatch.schemas import AnswerCommand, AssignmentOut
from backend.realtime.registry import command
from backend.volunteers.models import User


@command("assignment.answer", body=AnswerCommand, result=AssignmentOut)
def answer_offer(user: User, body: AnswerCommand, at: datetime) -> AssignmentOut:
    """Accept or decline a task you were asked for; when it is full already, accepting makes you a reserve."""
    return AssignmentOut.of(services.answer_offer(task_id=body.task, answer=body, by=user, at=at))
