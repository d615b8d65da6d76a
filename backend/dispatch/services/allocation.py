"""The rules of answering one task, in memory: taking a place, waiting for one, giving one back."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.models import User
from backend.dispatch.models import Assignment, AssignmentStatus, Task, TaskStatus
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.eligibility import Fitness
from backend.dispatch.services.refusals import OfferExpired, TaskOver
from backend.lib.errors import NotFound
from backend.volunteers.services.duty import NotInService


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answers to one offer, and when the answer came in."""

    task_id: UUID
    answer: AnswerIn
    by: User
    at: datetime
    by_clock: bool = False
    """The clock gave it for a volunteer who is no longer in service: the record names no person."""


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
        """Take one answer. Raises NotFound, TaskOver, NotInService or OfferExpired, with nothing changed."""
        assignment = self._own.get(given.by.pk)
        if assignment is None:
            raise NotFound
        if assignment.status in AssignmentStatus.answered_by(given.answer.answer):
            return assignment
        self._check(assignment, given)
        if given.answer.answer == "accept":
            self._accept(assignment, given)
        else:
            self._decline(assignment, given)
        self.taken.append((given, AssignmentStatus(assignment.status)))
        return assignment

    def _check(self, assignment: Assignment, given: Answer) -> None:
        if self.task.status == TaskStatus.CANCELLED:
            raise TaskOver
        if given.answer.answer == "accept" and not assignment.volunteer.is_in_service:
            raise NotInService
        gives_back = given.answer.answer == "decline" and assignment.takes_part
        if not (self.task.is_open(given.at) or gives_back):
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
            risk_acknowledged=given.answer.risk_acknowledged,
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
        say_no(at=given.at, reason=given.answer.reason, by_clock=given.by_clock)
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

    def _note(self, assignment: Assignment) -> None:
        """Keep a part to be saved, and whether its volunteer must hear of the change, because another made it."""
        (self.moved.add if assignment.before else self.moved.discard)(assignment.pk)
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
