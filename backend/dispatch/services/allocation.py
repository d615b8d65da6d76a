"""The rules of answering one task, in memory: taking a place, waiting for one, giving one back."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.models import User
from backend.dispatch.models import (
    BY_DEVICE,
    AnswerWay,
    Assignment,
    AssignmentStatus,
    Came,
    NoticeWay,
    Task,
    TaskStatus,
)
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.eligibility import Fitness
from backend.dispatch.services.refusals import OfferExpired, OwnAnswerStands, TaskOver
from backend.lib.errors import NotFound, require
from backend.readiness.models import Manner
from backend.volunteers.grants import Grant
from backend.volunteers.services.duty import NotInService


@dataclass(frozen=True, slots=True)
class Word:
    """What a leader says of an answer that a volunteer gave by voice: how and when, and how the risks were told."""

    by: User
    grant: Grant
    volunteer: int
    how: Manner
    said_at: datetime
    notice: NoticeWay | None
    notice_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answers to one offer, and when the answer came in."""

    task_id: UUID
    answer: AnswerIn
    by: User
    at: datetime
    by_clock: bool = False
    """The clock gave it for a volunteer who is no longer in service: the record names no person."""
    word: Word | None = None
    """A leader gave it, as the volunteer has said; None: it is the volunteer's own."""


class Places:
    """A locked task with the parts of the volunteers who answer it; takes the answers one by one, in their order.

    `own` are all parts of `answering`. `waiting` are more reserves, one for each answer that could make room: the
    earliest who have an account, are in service, and may take part by law.

    Afterwards `changed` holds the parts to save, by key, in the order of their first change. `taken` holds the answers
    that changed something, each with its result. `gone` holds the numbers of volunteers who gave a place back and are
    not on duty. `moved` holds the keys of parts that others changed: the volunteer moved up, or left the service.
    """

    def __init__(
        self,
        task: Task,
        answering: Iterable[User],
        own: Iterable[Assignment],
        waiting: Iterable[Assignment],
        fitness: Fitness,
    ) -> None:
        self.task = task
        self.was_full = task.is_full
        self.changed: dict[int, Assignment] = {}
        self.taken: list[tuple[Answer, AssignmentStatus]] = []
        self.gone: list[int] = []
        self.moved: set[int] = set()
        self._fitness = fitness
        self._own = {assignment.volunteer.user_id: assignment for assignment in own}
        self._reserves: dict[int, Assignment] = {}
        self._queue: list[tuple[datetime, int]] = []
        self._without_account = {user.pk for user in answering if not user.is_active}
        reserves = [one for one in self._own.values() if one.status == AssignmentStatus.RESERVE]
        for assignment in (*(one for one in reserves if fitness.still_lets(one.volunteer)), *waiting):
            self._wait(assignment)

    def take(self, given: Answer) -> Assignment:
        """Take one answer. Raises NotFound, TaskOver, NotInService or OfferExpired, with nothing changed.

        A leader's word changes no answer of the volunteer's own: OwnAnswerStands. The volunteer's own answer, the same
        as the word, takes its place.
        """
        assignment = self._own.get(given.by.pk)
        if assignment is None:
            raise NotFound
        is_same = assignment.status in AssignmentStatus.answered_by(given.answer.answer)
        becomes_own = is_same and assignment.noted_by_id is not None and not (given.word or given.by_clock)
        if is_same and not becomes_own:
            return assignment
        require(not (given.word and assignment.is_own), OwnAnswerStands)
        self._check(assignment, given, has_time=becomes_own)
        if becomes_own:
            assignment.make_own(at=given.at, eta_at=_eta(given), came=self._came(assignment, given))
            self._note(assignment)
        elif given.answer.answer == "accept":
            self._accept(assignment, given)
        else:
            self._decline(assignment, given)
        self.taken.append((given, AssignmentStatus(assignment.status)))
        return assignment

    def _check(self, assignment: Assignment, given: Answer, *, has_time: bool) -> None:
        """Raise why an answer is not taken; `has_time`: the place is held, and the time to answer over or not."""
        if self.task.status == TaskStatus.CANCELLED:
            raise TaskOver
        if given.answer.answer == "accept" and not assignment.volunteer.is_in_service:
            raise NotInService
        gives_back = given.answer.answer == "decline" and assignment.takes_part
        if not (self.task.is_open(given.at) or gives_back or has_time):
            raise OfferExpired
        if given.answer.answer == "accept":
            self._fitness.check(assignment.volunteer, given.answer, given.at)

    def _accept(self, assignment: Assignment, given: Answer) -> None:
        """Take a place, or a place in the reserve."""
        assignment.accept(
            at=given.at,
            is_full=self.task.is_full,
            eta_at=_eta(given),
            reason=given.answer.reason,
            came=self._came(assignment, given),
        )
        self._note(assignment)
        if assignment.holds_place:
            self.task.accepted += 1
        else:
            self._wait(assignment)

    def _decline(self, assignment: Assignment, given: Answer) -> None:
        """Decline, and give a place that was taken to the earliest reserve.

        A volunteer who gives a place back leaves the live map at once, unless on duty.
        """
        had_place = assignment.holds_place
        say_no = assignment.give_back if assignment.takes_part else assignment.decline
        came = None if given.by_clock else self._came(assignment, given)
        say_no(at=given.at, reason=given.answer.reason, came=came)
        self._note(assignment)
        if not had_place:
            return
        if not assignment.volunteer.is_on_duty(given.at):
            self.gone.append(assignment.volunteer.number)
        promoted = self._earliest_reserve()
        if promoted is None:
            self.task.accepted -= 1
        else:
            promoted.move_up()
            self._note(promoted)

    def _came(self, assignment: Assignment, given: Answer) -> Came:
        """Return by which way an answer came; only a yes takes note of the risks."""
        if word := given.word:
            return Came(AnswerWay.WORD, word.notice or "", word.notice_at, word.by)
        if given.answer.answer == "decline":
            return BY_DEVICE
        if given.answer.risk_acknowledged:
            return Came(notice=NoticeWay.SHOWN, notice_at=given.at)
        return Came(notice=NoticeWay.SIGNED) if assignment.volunteer_id in self._fitness.warned else BY_DEVICE

    def _note(self, assignment: Assignment) -> None:
        """Keep a part to be saved, and whether its volunteer must hear of the change, because another made it."""
        by_another = assignment.before or assignment.noted_by_id
        (self.moved.add if by_another else self.moved.discard)(assignment.pk)
        self.changed[assignment.pk] = assignment

    def _wait(self, reserve: Assignment) -> None:
        assert reserve.answered_at is not None, "a reserve has answered"
        if reserve.volunteer.user_id in self._without_account or not reserve.volunteer.is_in_service:
            return
        self._reserves[reserve.pk] = reserve
        heapq.heappush(self._queue, (reserve.answered_at, reserve.pk))

    def _earliest_reserve(self) -> Assignment | None:
        """Return the reserve who answered first and still has an account."""
        while self._queue:
            answered_at, pk = heapq.heappop(self._queue)
            reserve = self._reserves[pk]
            # A volunteer who left the reserve since, and perhaps came back, stands here with an old time.
            if (reserve.status, reserve.answered_at) == (AssignmentStatus.RESERVE, answered_at):
                return reserve
        return None


def _eta(given: Answer) -> datetime | None:
    if given.answer.answer == "decline" or given.answer.eta_min is None:
        return None
    return given.at + timedelta(minutes=given.answer.eta_min)
