"""Gives back the places of those who are no longer in service."""

from datetime import datetime, timedelta

from django.db.models import Q

from backend.dispatch.models import Assignment, AssignmentStatus, TaskStatus
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.answers import answer_offers
from backend.dispatch.services.places import TAKING_PART, Answer
from backend.lib.errors import Refusal
from backend.volunteers.models import Standing

LOOKED_BACK = timedelta(days=7)
"""How long ago somebody may have left for the clock still to find them: longer than it is ever away."""
BATCH = 500


def give_back_places(*, at: datetime) -> int:
    """Decline offers and give back places of those who were suspended or have retired; returns how many.

    Only in tasks that are open to answers or have not begun. What is refused meanwhile is left to the next turn.
    """
    open_offer = Q(status=AssignmentStatus.OFFERED, task__status=TaskStatus.CALLED, task__answer_by__gt=at)
    live = (TaskStatus.CALLED, TaskStatus.CLOSED)
    has_place = Q(status__in=TAKING_PART, task__status__in=live, task__starts_at__gt=at)
    held = (
        Assignment.objects.filter(open_offer | has_place, volunteer__standing_since__gt=at - LOOKED_BACK)
        .exclude(volunteer__standing=Standing.ACTIVE)
        .select_related("volunteer__user")
        .order_by("pk")[:BATCH]
    )
    decline = AnswerIn(answer="decline", reason="no longer in service")
    answers = [Answer(part.task_id, decline, part.volunteer.user, at, by_clock=True) for part in held]
    outcomes = answer_offers(answers) if answers else []
    return sum(not isinstance(outcome, Refusal) for outcome in outcomes)
