"""What clients see of tasks and assignments, and what they send."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
)
from typing_extensions import TypeAliasType

from backend.dispatch.models import AnswerWay, Assignment, AssignmentStatus, LegalBasis, Severity, TaskStatus
from backend.lib.datum import Datum
from backend.lib.shapes import GIVEN, ClientId, Instant, Line, Lines, Request, Shape, VolunteerNumber
from backend.readiness.models import Manner
from backend.volunteers.models import Category
from backend.volunteers.schemas import UnitOut

RECIPIENTS, MOST_RECIPIENTS = 50, 500
"""Lines of a page of the leader's list, without and with a `limit`."""


Revision = TypeAliasType(
    "Revision",
    Annotated[
        int,
        Field(
            ge=0,
            description="Orders what is told of one task on several topics: an event with a lower one than the task"
            " that you know is old, and changes nothing.",
        ),
    ],
)


class PlaceIn(Request):
    """A point with the datum it was measured in, and words for people."""

    name: Annotated[str, Line(120)] = ""
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    datum: Datum


class PlaceOut(Shape):
    """A point in WGS-84, and words for people."""

    name: str
    lon: float
    lat: float
    datum: Literal["wgs84"] = "wgs84"


class TaskIn(Request):
    """Work asked from people. `id` is a UUIDv7 the client makes: sending it again is the same task.

    `severity` says who is asked: `notice` those on duty; `normal` also those who plan to be available when it starts;
    `urgent` and `life_at_stake` also those who may be woken. Commanders and dispatchers alone say `life_at_stake`.

    `unit` asks; `requirements` are skill codes that everyone must have (`GET /skills`). `answer_by` is not after
    `starts_at`; a call-out needs it to be in the future. `occasion`, of the unit or of one above, runs when the task
    starts: its collective papers count for the task.
    """

    id: ClientId
    unit: Annotated[str, Line(20), GIVEN]
    category: Category
    title: Annotated[str, Line(120, least=1)]
    instructions: Annotated[str, Lines(4_000)] = ""
    place: PlaceIn
    starts_at: Instant
    answer_by: Instant
    headcount: Annotated[int, Field(ge=1, le=100_000)]
    requirements: Annotated[list[Annotated[str, Line(40)]], Field(max_length=20)] = []
    occasion: UUID | None = None
    severity: Severity = Severity.NORMAL

    @field_validator("answer_by", mode="after")
    @classmethod
    def _in_order(cls, answer_by: datetime, info: ValidationInfo) -> datetime:
        if answer_by > info.data.get("starts_at", answer_by):
            raise ValueError("answer_by must not be after starts_at")
        return answer_by


class Progress(Shape):
    """How a task stands: people by state.

    `silent` have received the offer and not answered. `delivered` and `seen` count whom the last event that concerns
    them has reached: after a cancellation, that. `not_reached` are those to phone: it has not come to them, and they
    have not answered since; `accepted_not_reached` those of them who have a place, or had one.
    """

    headcount: int
    offered: int
    delivered: int
    seen: int
    accepted: int
    reserve: int
    declined: int
    expired: int
    withdrawn: int
    silent: int
    not_reached: int
    accepted_not_reached: int


class TaskOut(Shape):
    """A task as everyone who was asked sees it.

    Before `answer_by` answers are taken; before `over_at` the task goes on for those who take part.
    `dangerous` asks those who accept to have read of the risk. With a `legal_basis` those on the task are located also
    without their consent, because life is at stake. `occasion` is the one whose collective papers count for it.
    """

    id: UUID
    revision: Revision
    unit: UnitOut
    category: Category
    title: str
    instructions: str
    place: PlaceOut
    starts_at: Instant
    answer_by: Instant
    over_at: Instant
    headcount: int
    accepted: int
    requirements: list[str]
    status: TaskStatus
    created_at: Instant
    end_reason: str
    dangerous: bool
    severity: Severity
    legal_basis: Literal[""] | LegalBasis
    occasion: UUID | None = None


class TaskDetail(Shape):
    """A task as its issuers see it."""

    task: TaskOut
    progress: Progress


class TaskFilter(Request):
    """Which tasks to list: of a unit and everything below it, in one status, older than the last of a page."""

    unit: Annotated[str, Line(20), GIVEN] | None = None
    status: TaskStatus | None = None
    after: UUID | None = None


class TaskPage(Shape):
    """A page of tasks, newest first; ask again with `after=next` while it is not null."""

    items: list[TaskDetail]
    next: UUID | None


AskWord = TypeAliasType("AskWord", Literal["on_duty"])
"""Whom a call-out asks at most, fewer than the severity of its task would."""


class CallOutIn(Request):
    """Send a task to units and everyone below them. `id` is the client's UUIDv7.

    `ask` narrows it to those on duty; null asks all those whom the task's severity asks. Nothing widens it.
    """

    id: ClientId
    units: Annotated[list[Annotated[str, Line(20), GIVEN]], Field(min_length=1, max_length=200)]
    ask: AskWord | None = None


class CallOutOut(Shape):
    """What a call-out did: `offered` people were asked now."""

    id: UUID
    task: UUID
    units: list[UnitOut]
    at: Instant
    offered: int
    ask: AskWord | None


AnswerWord = TypeAliasType("AnswerWord", Literal["accept", "decline"])


class AnswerIn(Request):
    """Accept with an estimate of arrival, or decline with a reason. Declining after accepting gives the place back.

    A person who accepts a `dangerous` task has been shown its risks and says so: `risk_acknowledged`.
    """

    answer: AnswerWord
    eta_min: Annotated[int, Field(ge=0, le=1_440)] | None = None
    reason: Annotated[str, Lines(200)] = ""
    risk_acknowledged: bool = False


class LegalBasisIn(Request):
    """Locate those on a task without their consent because life is at stake; null ends that. The audit keeps why."""

    legal_basis: LegalBasis | None
    reason: Annotated[
        str,
        Lines(200, least=1),
        Field(examples=["A child has been missing since ten o'clock"]),
    ]


class NoticeTold(Request):
    """How and when a leader told a volunteer of the risks of dangerous service."""

    way: Literal["read_out", "shown"]
    at: Instant


class NotedAnswerIn(Request):
    """What a volunteer answered to a leader by voice: `how` and `said_at` tell in which way and when.

    `notice` tells that the risks of a `dangerous` task were told before the yes.
    """

    answer: AnswerWord
    how: Manner
    said_at: Instant
    eta_min: Annotated[int, Field(ge=0, le=1_440)] | None = None
    reason: Annotated[str, Lines(200)] = ""
    notice: NoticeTold | None = None


class AnswerCommand(AnswerIn):
    """An answer by socket names its task."""

    task: UUID


class AssignmentOut(Shape):
    """One volunteer's part in a task.

    `way` tells how the answer came. `noted_by` is the leader who noted it as the volunteer said it, until the volunteer
    answers themself; so long the part has the volunteer located nowhere.
    """

    task: UUID
    volunteer: VolunteerNumber
    status: AssignmentStatus
    offered_at: Instant
    answered_at: Instant | None
    eta_at: Instant | None
    reason: str
    way: AnswerWay | None
    noted_by: VolunteerNumber | None

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        """Return the shape of an assignment that was read together with its volunteer, and the leader who noted it."""
        return cls.model_validate(
            {
                "task": assignment.task_id,
                "volunteer": assignment.volunteer.number,
                "status": assignment.status,
                "offered_at": assignment.offered_at,
                "answered_at": assignment.answered_at,
                "eta_at": assignment.eta_at,
                "reason": assignment.reason,
                "way": assignment.way or None,
                "noted_by": noted_by(assignment),
            }
        )


def noted_by(assignment: Assignment) -> str | None:
    """Return the number of the leader who noted an answer that was read together with that leader."""
    return f"{assignment.noted_by.volunteer.number:08d}" if assignment.noted_by else None


class Offer(Shape):
    """What the inbox holds: a task and one's own part in it."""

    task: TaskOut
    assignment: AssignmentOut


class InboxFilter(Request):
    """Where a page of the inbox begins: behind the `next` of the one before."""

    after: Annotated[str, Field(pattern=r"^(open|ended)\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = ""


class Inbox(Shape):
    """A page of what one was asked: all that is open first, then what ended within a week, newest first.

    Ask again with `after=next` while it is not null.
    """

    items: list[Offer]
    next: str | None


class RecipientState(StrEnum):
    """Where one of those asked stands: the status of the part, told apart by what has come while it is unanswered."""

    ACCEPTED = AssignmentStatus.ACCEPTED
    RESERVE = AssignmentStatus.RESERVE
    DECLINED = AssignmentStatus.DECLINED
    EXPIRED = AssignmentStatus.EXPIRED
    WITHDRAWN = AssignmentStatus.WITHDRAWN
    SILENT = "silent"
    NOT_REACHED = "not_reached"


NoticeType = TypeAliasType(
    "NoticeType",
    Literal["task.called", "task.legal_basis_named", "task.cancelled", "task.closed", "assignment.changed"],
)
"""The events that concern those who were asked."""


class Recipient(Shape):
    """One line of the leader's list.

    `state` is the assignment's status, or for those who have not answered `silent` (delivered) or `not_reached`.
    `told` is the last event that concerned this volunteer, and `delivered` and `seen` are of that one. `not_reached`:
    it has not come to them, and they have not answered since; then `phone` is whole, for calling by hand. `before` is
    the status before a change that was not theirs: what a cancelled part was, or `reserve` of one that moved up.
    """

    volunteer: VolunteerNumber
    name: str
    phone: str
    unit: str
    unit_name: str
    state: RecipientState
    before: AssignmentStatus | None
    told: NoticeType
    told_at: Instant
    delivered: bool
    seen: bool
    not_reached: bool
    answered_at: Instant | None
    eta_at: Instant | None
    reason: str
    way: AnswerWay | None
    noted_by: VolunteerNumber | None


class RecipientFilter(Request):
    """Which of those asked to list: in one state, after the last line of a page, so many."""

    state: RecipientState | None = None
    after: Annotated[int, Field(ge=0, lt=1_000_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_RECIPIENTS)] = RECIPIENTS


class RecipientPage(Shape):
    """A page of the list; ask again with `after=next` while it is not null.

    `kept` counts those of the list, on all its pages, whom partners keep to themselves: they stand on none.
    """

    items: list[Recipient]
    next: str | None
    kept: int = 0


class ToPhone(Shape):
    """A person of a unit whom the last event of a task has not reached: to be phoned by the unit's leader."""

    task: UUID
    title: str
    severity: Severity
    person: Recipient


class PeopleToPhone(RootModel[list[ToPhone]]):
    """The people of a unit to phone, at most 200, those who have waited longest first."""


class UnitProgressFilter(Request):
    """Whose sub-units to count; without it, those of the unit that asks."""

    parent: Annotated[str, Line(20), GIVEN] | None = None


class UnitProgress(Shape):
    """How a task stands within one direct sub-unit."""

    unit: UnitOut
    progress: Progress


class UnitProgresses(RootModel[list[UnitProgress]]):
    """How a task stands within each direct sub-unit, in the order of the tree."""


class CancelIn(Request):
    """Call a task off; everyone who was asked is told the reason."""

    reason: Annotated[str, Lines(200)] = ""
