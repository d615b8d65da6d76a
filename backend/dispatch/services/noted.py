"""Notes what volunteers without a device have answered to a leader by voice."""

from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.models import Device, User
from backend.dispatch import queries
from backend.dispatch.models import Assignment, NoticeWay
from backend.dispatch.schemas import AnswerIn, NotedAnswerIn
from backend.dispatch.services.allocation import Answer, Word
from backend.dispatch.services.answers import answer_offers
from backend.dispatch.services.refusals import AnswersByDevice, MinorAnswers
from backend.lib.errors import Invalid, NotAllowed, Refusal, require
from backend.volunteers.models import Volunteer
from backend.volunteers.rules import is_known_minor

LEEWAY = timedelta(minutes=1)
"""How far the clock of a leader's device may be wrong."""


def note_answer(
    *, task_id: UUID, volunteer: int, wanted: NotedAnswerIn, by: User, at: datetime
) -> Assignment:
    """Note what a volunteer, by number, has said; the same answer again changes nothing, and the volunteer is told.

    The volunteer is located by no such yes, and their own answer takes its place at any time. Raises NotFound to a
    caller who neither directs the task nor dispatches the unit in which the volunteer was asked, NotAllowed for one's
    own part, Invalid, OwnAnswerStands, for a yes MinorAnswers and AnswersByDevice, and what `answer_offer` raises.
    """
    part, grant = queries.part_to_note(by, task_id, volunteer, at=at)
    if part.volunteer.user_id == by.pk:
        raise NotAllowed("You answer for yourself in your own inbox.")
    _check_moments(part, wanted, at)
    if wanted.answer == "accept":
        require(not _is_minor(part.volunteer, at), MinorAnswers)
        require(not Device.objects.live(at).filter(user=part.volunteer.user).exists(), AnswersByDevice)
    notice = wanted.notice
    word = Word(
        by=by,
        grant=grant,
        volunteer=part.volunteer_id,
        how=wanted.how,
        said_at=wanted.said_at,
        notice=NoticeWay(notice.way) if notice else None,
        notice_at=notice.at if notice else None,
    )
    said = AnswerIn(
        answer=wanted.answer,
        eta_min=wanted.eta_min,
        reason=wanted.reason,
        risk_acknowledged=notice is not None,
    )
    (outcome,) = answer_offers([Answer(task_id, said, part.volunteer.user, at, word=word)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _check_moments(part: Assignment, wanted: NotedAnswerIn, at: datetime) -> None:
    """Raise Invalid unless the volunteer spoke after the offer, and heard of the risks before that."""
    first = part.offered_at - LEEWAY
    if not first <= wanted.said_at <= at + LEEWAY:
        raise Invalid(errors=[{"pointer": "/said_at", "detail": "must lie between the offer and now"}])
    if wanted.notice and not first <= wanted.notice.at <= wanted.said_at:
        raise Invalid(
            errors=[{"pointer": "/notice/at", "detail": "must lie between the offer and the answer"}]
        )


def _is_minor(person: Volunteer, at: datetime) -> bool:
    return Volunteer.objects.filter(is_known_minor(at), pk=person.pk).exists()
