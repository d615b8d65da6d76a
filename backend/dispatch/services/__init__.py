"""Changes to tasks, call-outs and assignments."""

from backend.dispatch.services.answers import answer_offer
from backend.dispatch.services.call_outs import call_out
from backend.dispatch.services.refusals import (
    CallOutIdTaken,
    NobodyToAsk,
    OfferExpired,
    TaskIdTaken,
    TaskOver,
    TooManyToAsk,
)
from backend.dispatch.services.tasks import cancel_task, close_task, create_task

__all__ = [
    "CallOutIdTaken",
    "NobodyToAsk",
    "OfferExpired",
    "TaskIdTaken",
    "TaskOver",
    "TooManyToAsk",
    "answer_offer",
    "call_out",
    "cancel_task",
    "close_task",
    "create_task",
]
