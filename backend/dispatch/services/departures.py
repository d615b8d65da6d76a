"""Gives back the places of volunteers who are no longer in service, or turn out to be minors."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from backend.dispatch.models import Assignment, AssignmentQuerySet
from backend.dispatch.rules import is_for_adults
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.allocation import Answer
from backend.dispatch.services.answers import answer_offers
from backend.lib.errors import Refusal
from backend.volunteers.models import Volunteer, in_service
from backend.volunteers.rules import is_known_minor

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


def give_back_parts_of_minors(*, at: datetime) -> int:
    """Decline for minors, by a date of birth that turned up, what an occasion's attested age had let them take.

    Returns how much, at most 500 in one turn.
    """
    held = (
        Assignment.objects.open_or_yet_to_begin(at)
        .filter(is_known_minor(at, "volunteer__"), task__occasion__isnull=False)
        .select_related("volunteer__user", "task__unit")
        .order_by("pk")[:BATCH]
    )
    return _decline([part for part in held if is_for_adults(part.task)], "for adults only", at)


def _give_back(parts: AssignmentQuerySet, at: datetime) -> int:
    """Decline in tasks that are open to answers or have not begun: from what has begun no person is taken away."""
    held = (
        parts.open_or_yet_to_begin(at)
        .exclude(in_service("volunteer__"))
        .select_related("volunteer__user")
        .order_by("pk")[:BATCH]
    )
    return _decline(held, "no longer in service", at)


def _decline(held: Iterable[Assignment], reason: str, at: datetime) -> int:
    """Decline parts for their volunteers; returns how many were not refused."""
    decline = AnswerIn(answer="decline", reason=reason)
    answers = [Answer(part.task_id, decline, part.volunteer.user, at, by_clock=True) for part in held]
    outcomes = answer_offers(answers) if answers else []
    return sum(not isinstance(outcome, Refusal) for outcome in outcomes)
