"""Gives back the places of volunteers who are no longer in service."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from backend.dispatch.models import Assignment, AssignmentQuerySet
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.allocation import Answer
from backend.dispatch.services.answers import answer_offers
from backend.lib.errors import Refusal
from backend.volunteers.models import Volunteer, in_service

LOOKED_BACK = timedelta(days=7)
"""How long ago a volunteer may have left for the clock still to find them: longer than it is ever away."""
BATCH = 500


def give_back_when_committed(volunteer: Volunteer, *, at: datetime) -> None:
    """Give back the places of a volunteer who leaves the service, after the commit.

    Not in the same transaction: it holds the volunteer, but an answer locks the task first. If it fails, the volunteer
    has left all the same, and the clock finds the places that remain.
    """
    transaction.on_commit(partial(give_back_places_of, volunteer.pk, at=at), robust=True)


def give_back_places_of(volunteer: int, *, at: datetime) -> int:
    """Decline for one volunteer, unless they are in service, what they hold; returns how much."""
    return _give_back(Assignment.objects.filter(volunteer=volunteer), at)


def give_back_places(*, at: datetime) -> int:
    """Do so for all who were suspended or have retired; returns how many. What is refused is left to the next turn."""
    return _give_back(Assignment.objects.filter(volunteer__standing_since__gt=at - LOOKED_BACK), at)


def _give_back(parts: AssignmentQuerySet, at: datetime) -> int:
    """Decline in tasks that are open to answers or have not begun: from what has begun no person is taken away."""
    held = (
        parts.open_or_yet_to_begin(at)
        .exclude(in_service("volunteer__"))
        .select_related("volunteer__user")
        .order_by("pk")[:BATCH]
    )
    decline = AnswerIn(answer="decline", reason="no longer in service")
    answers = [Answer(part.task_id, decline, part.volunteer.user, at, by_clock=True) for part in held]
    outcomes = answer_offers(answers) if answers else []
    return sum(not isinstance(outcome, Refusal) for outcome in outcomes)
