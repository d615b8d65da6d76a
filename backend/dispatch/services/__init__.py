"""Changes to tasks, call-outs and assignments."""

from backend.dispatch.services.allocation import Answer
from backend.dispatch.services.answers import answer_offer, answer_offers
from backend.dispatch.services.call_outs import call_out
from backend.dispatch.services.legal_basis import name_legal_basis
from backend.dispatch.services.noted import note_answer
from backend.dispatch.services.progress import announce_progress
from backend.dispatch.services.refusals import (
    AnswersByDevice,
    CallOutIdTaken,
    CredentialsMissing,
    ForAdultsOnly,
    GuardianDisagrees,
    MinorAnswers,
    NobodyToAsk,
    OfferExpired,
    OwnAnswerStands,
    RiskNotAcknowledged,
    StillOnTask,
    TaskIdTaken,
    TaskOver,
    TooManyToAsk,
)
from backend.dispatch.services.tasks import cancel_task, close_task, create_task

__all__ = [
    "Answer",
    "AnswersByDevice",
    "CallOutIdTaken",
    "CredentialsMissing",
    "ForAdultsOnly",
    "GuardianDisagrees",
    "MinorAnswers",
    "NobodyToAsk",
    "OfferExpired",
    "OwnAnswerStands",
    "RiskNotAcknowledged",
    "StillOnTask",
    "TaskIdTaken",
    "TaskOver",
    "TooManyToAsk",
    "announce_progress",
    "answer_offer",
    "answer_offers",
    "call_out",
    "cancel_task",
    "close_task",
    "create_task",
    "name_legal_basis",
    "note_answer",
]
