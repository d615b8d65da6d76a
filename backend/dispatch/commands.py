"""The command of the socket: answering, the one act that all phones of a county may do at the same moment."""

from collections.abc import Sequence
from datetime import datetime

from backend.accounts.models import User
from backend.dispatch import queries, services
from backend.dispatch.schemas import AnswerCommand, AssignmentOut
from backend.lib.errors import NotFound, Refusal
from backend.realtime.registry import Call, command


def answer_offers(calls: Sequence[Call]) -> list[AssignmentOut | Refusal]:
    """Take many answers together."""
    answers = [services.Answer(call.body.task, call.body, call.user, call.at) for call in calls]
    return [
        taken if isinstance(taken, Refusal) else AssignmentOut.of(taken)
        for taken in services.answer_offers(answers)
    ]


def read_answers(calls: Sequence[Call]) -> list[AssignmentOut | Refusal]:
    """Return the parts of those who repeat their answers, as they are now."""
    parts = queries.own_parts([(call.user, call.body.task) for call in calls])
    return [AssignmentOut.of(part) if part else NotFound() for part in parts]


@command("assignment.answer", body=AnswerCommand, result=AssignmentOut, read=read_answers, many=answer_offers)
def answer_offer(user: User, body: AnswerCommand, at: datetime) -> AssignmentOut:
    """Accept or decline a task you were asked for; when it is full already, accepting makes you a reserve."""
    return AssignmentOut.of(services.answer_offer(task_id=body.task, answer=body, by=user, at=at))
