"""Changes to tasks, call-outs and assignments."""

from backend.dispatch.services.answers import answer_offer, answer_offers
from backend.dispatch.services.call_outs import call_out
from backend.dispatch.services.departures import give_back_places
from backend.dispatch.services.legal_basis import name_legal_basis
from backend.dispatch.services.merging import takes_part
from backend.dispatch.services.places import Answer
from backend.dispatch.services.progress import announce_progress
from backend.dispatch.services.refusals import (
    CallOutIdTaken,
    CredentialsMissing,
    ForAdultsOnly,
    GuardianDisagrees,
    NobodyToAsk,
    OfferExpired,
    RiskNotAcknowledged,
    StillOnTask,
    TaskIdTaken,
    TaskOver,
    TooManyToAsk,
)
from backend.dispatch.services.renumbering import tell_again
from backend.dispatch.services.retirement import give_tasks
from backend.dispatch.services.tasks import cancel_task, close_task, create_task

__all__ = [
    "Answer",
    "CallOutIdTaken",
    "CredentialsMissing",
    "ForAdultsOnly",
    "GuardianDisagrees",
    "NobodyToAsk",
    "OfferExpired",
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
    "give_back_places",
    "give_tasks",
    "name_legal_basis",
    "takes_part",
    "tell_again",
]
