"""REST views to tasks."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.dispatch import queries, services
from backend.dispatch.models import TaskStatus
from backend.dispatch.rules import may_command
from backend.dispatch.schemas import (
    AnswerCommand,
    AnswerIn,
    AssignmentOut,
    CallOutIn,
    CallOutOut,
    CancelIn,
    Inbox,
    InboxFilter,
    LegalBasisIn,
    NotedAnswerIn,
    PeopleToPhone,
    RecipientFilter,
    RecipientPage,
    RecipientState,
    TaskDetail,
    TaskFilter,
    TaskIn,
    TaskOut,
    TaskPage,
    UnitProgresses,
    UnitProgressFilter,
)
from backend.dispatch.services.access_log import note_phones, note_recipients
from backend.lib.api import answer, parse, parse_query
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, require
from backend.realtime.views import View
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import may_dispatch, may_see_unit


class TasksView(View):
    """The tasks one directs."""

    parameters: ClassVar = {"get": TaskFilter.model_fields}

    @extend_schema(
        operation_id="tasks",
        parameters=[
            OpenApiParameter("unit", str, description="only this unit and everything below it"),
            OpenApiParameter("status", str, enum=TaskStatus.values),
            OpenApiParameter("after", OpenApiTypes.UUID, description="`next` of the page before"),
        ],
        responses=TaskPage,
        tags=["tasks"],
    )
    def get(self, request: HttpRequest) -> Response:
        """Return the tasks one may direct, newest first, 20 a page, each with its progress."""
        chosen, user, at = parse_query(TaskFilter, request), user_of(request), now()
        unit = unit_by_number(chosen.unit) if chosen.unit else None
        require(unit is None or may_dispatch(user, unit, at))
        return answer(queries.task_page(user, unit=unit, status=chosen.status, after=chosen.after, at=at))

    @extend_schema(
        operation_id="create_task", request=TaskIn, responses={201: TaskOut, 200: TaskOut}, tags=["tasks"]
    )
    def post(self, request: HttpRequest) -> Response:
        """Make a draft of a task; call it out to ask people. The same id and content again is the same task (200)."""
        body, at = parse(TaskIn, request), now()
        task = services.create_task(wanted=body, by=user_of(request), at=at)
        return answer(queries.task_out(task), status=201 if task.created_at == at else 200)

    def post_again(self, request: HttpRequest) -> Response:
        """Return the task as it is now."""
        return answer(_directed(request, parse(TaskIn, request).id))


class TaskView(View):
    """One task."""

    @extend_schema(operation_id="task", responses=TaskDetail, tags=["tasks"])
    def get(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return a task one directs, with its progress."""
        task = queries.task_for(user_of(request), task_id, at=now())
        return answer(queries.task_details([task])[0])


class CallOutsView(View):
    """The sending of a task."""

    @extend_schema(
        operation_id="call_out",
        request=CallOutIn,
        responses={201: CallOutOut, 200: CallOutOut},
        tags=["tasks"],
    )
    def post(self, request: HttpRequest, task_id: UUID) -> Response:
        """Ask everyone suitable in the units and below, with the skills, not asked before.

        Those on duty, and by the task's severity those who plan to be available then, or who may be woken now.
        Minors are not asked for rescue or for work that starts at night. When no person is left to ask, the refusal
        says how many members were left after each condition. The same id and units again is the same call-out (200).
        """
        body, at = parse(CallOutIn, request), now()
        call_out = services.call_out(task_id=task_id, wanted=body, by=user_of(request), at=at)
        return answer(queries.call_out_out(call_out), status=201 if call_out.at == at else 200)

    def post_again(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return what the call-out did."""
        task = queries.task_for(user_of(request), task_id, at=now())
        call_out = task.call_outs.filter(pk=parse(CallOutIn, request).id).first()
        return answer(queries.call_out_out(require(call_out)))


class CancelView(View):
    """The calling off of a task."""

    @extend_schema(operation_id="cancel_task", request=CancelIn, responses=TaskOut, tags=["tasks"])
    def post(self, request: HttpRequest, task_id: UUID) -> Response:
        """Call a task off; everyone who was asked is told the reason. Again changes nothing."""
        reason = parse(CancelIn, request).reason
        task = services.cancel_task(task_id=task_id, reason=reason, by=user_of(request), at=now())
        return answer(queries.task_out(task))

    def post_again(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return the task as it is now."""
        return answer(_directed(request, task_id))


class RecipientsView(View):
    """The people asked."""

    parameters: ClassVar = {"get": RecipientFilter.model_fields}

    @extend_schema(
        operation_id="task_recipients",
        parameters=[
            OpenApiParameter(
                "state",
                str,
                enum=[state.value for state in RecipientState],
            ),
            OpenApiParameter("after", str, description="`next` of the page before"),
            OpenApiParameter("limit", int, description="lines of a page: 50, or up to 500"),
        ],
        responses=RecipientPage,
        tags=["tasks"],
    )
    def get(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return who was asked, by number; `not_reached` are those to phone by hand.

        Before all others stand those with a place, or who had one, whom the last event has not reached: a cancellation
        above all.
        """
        chosen, user, at = parse_query(RecipientFilter, request), user_of(request), now()
        task = queries.task_for(user, task_id, at=at)
        page = queries.recipients(task, at=at, **chosen.model_dump())
        note_recipients(page, viewer=user, at=at)
        return answer(page)


class ToPhoneView(View):
    """Those of a unit whom orders have not reached."""

    @extend_schema(operation_id="unit_to_phone", responses=PeopleToPhone, tags=["tasks"])
    def get(self, request: HttpRequest, number: str) -> Response:
        """Return the people of a unit and below to be phoned for tasks under way, also for those of units above.

        A partner that keeps its people to itself phones them in the place of the issuers, who do not see them at first.
        """
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_dispatch(user, unit, at))
        waiting = queries.to_phone_in(unit, at=at)
        note_phones([one.person for one in waiting], viewer=user, at=at)
        return answer(waiting)


class UnitProgressView(View):
    """A task down the tree."""

    parameters: ClassVar = {"get": UnitProgressFilter.model_fields}

    @extend_schema(
        operation_id="task_units",
        parameters=[
            OpenApiParameter("parent", str, description="a unit's number; without it, the unit that asks")
        ],
        responses=UnitProgresses,
        tags=["tasks"],
    )
    def get(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return the progress within each direct sub-unit of `parent` where a person was asked.

        Those asked as members of `parent` itself are a line of their own. A unit that one may not see and within which
        no person was asked is not found, like one that does not exist.
        """
        chosen, user, at = parse_query(UnitProgressFilter, request), user_of(request), now()
        task = queries.task_for(user, task_id, at=at)
        parent = unit_by_number(chosen.parent) if chosen.parent else task.unit
        progress = queries.unit_progress(task, parent)
        require(bool(progress) or may_see_unit(user, parent, at))
        return answer(progress)


class LegalBasisView(View):
    """Why people on a task are located without their consent."""

    @extend_schema(operation_id="name_legal_basis", request=LegalBasisIn, responses=TaskOut, tags=["tasks"])
    def put(self, request: HttpRequest, task_id: UUID) -> Response:
        """Locate those on the task also without their consent, because life is at stake; a commander's alone.

        It stands on the task for all to see, and with its reason in the audit. Null ends it.
        """
        body = parse(LegalBasisIn, request)
        task = services.name_legal_basis(task_id=task_id, wanted=body, by=user_of(request), at=now())
        return answer(queries.task_out(task))

    def put_again(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return the task as it is now."""
        user, at = user_of(request), now()
        task = queries.task_for(user, task_id, at=at)
        require(may_command(user, task, at), NotAllowed)
        return answer(queries.task_out(task))


class AnswerView(View):
    """One's own answer."""

    by_introduced = ("post",)

    commands = {"post": "assignment.answer"}

    def content(self, request: HttpRequest, **address: Any) -> AnswerCommand:
        """Return what the socket's command would say."""
        return AnswerCommand(task=address["task_id"], **parse(AnswerIn, request).model_dump())

    @extend_schema(operation_id="answer_offer", request=AnswerIn, responses=AssignmentOut, tags=["me"])
    def post(self, request: HttpRequest, task_id: UUID) -> Response:
        """Accept or decline a task one was asked for; when it is full already, accepting makes a reserve."""
        body = parse(AnswerIn, request)
        assignment = services.answer_offer(task_id=task_id, answer=body, by=user_of(request), at=now())
        return answer(AssignmentOut.of(assignment))

    def post_again(self, request: HttpRequest, task_id: UUID) -> Response:
        """Return one's part as it is now."""
        (part,) = queries.own_parts([(user_of(request), task_id)])
        return answer(AssignmentOut.of(require(part)))


class NotedAnswerView(View):
    """What a volunteer answered to a leader by voice."""

    @extend_schema(operation_id="note_answer", request=NotedAnswerIn, responses=AssignmentOut, tags=["tasks"])
    def put(self, request: HttpRequest, task_id: UUID, person: str) -> Response:
        """Note what a volunteer has said at the telephone or at the door; again changes nothing.

        A yes only of adults who are signed in on no device. The volunteer is told, located by no such yes, and answers
        otherwise at any time.
        """
        body, number = parse(NotedAnswerIn, request), volunteer_numbered(person).number
        part = services.note_answer(
            task_id=task_id, volunteer=number, wanted=body, by=user_of(request), at=now()
        )
        return answer(AssignmentOut.of(part))

    def put_again(self, request: HttpRequest, task_id: UUID, person: str) -> Response:
        """Return the part as it is now."""
        number = volunteer_numbered(person).number
        part, _ = queries.part_to_note(user_of(request), task_id, number, at=now())
        return answer(AssignmentOut.of(part))


class InboxView(View):
    """What one was asked."""

    parameters: ClassVar = {"get": InboxFilter.model_fields}

    @extend_schema(
        operation_id="inbox",
        parameters=[OpenApiParameter("after", str, description="`next` of the page before")],
        responses=Inbox,
        tags=["me"],
    )
    def get(self, request: HttpRequest) -> Response:
        """Return what one was asked: all that is open, then what ended within a week, newest first.

        The first page holds everything open and up to 100 that ended; older ones follow with `after`.
        """
        chosen, person = parse_query(InboxFilter, request), user_of(request).volunteer.number
        return answer(queries.inbox_of(person, after=chosen.after, at=now()))


def _directed(request: HttpRequest, task_id: UUID) -> TaskOut:
    return queries.task_out(queries.task_for(user_of(request), task_id, at=now()))
