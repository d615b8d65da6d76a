"""A task, its sending and its answers, in as few words as a test needs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Assignment, CallOut, Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, TaskIn
from backend.realtime.frames import Audience
from backend.realtime.models import Event, Receipt
from backend.volunteers.models import Skill, Unit, Volunteer
from tests.builders import task_body
from tests.conftest import Formation, MakeVolunteer


@pytest.fixture
def noon(at: datetime) -> datetime:
    """Return the next noon in China that is at least twelve hours away: no night work."""
    there = (at + timedelta(hours=12)).astimezone(ZoneInfo("Asia/Shanghai"))
    noon = there.replace(hour=12, minute=0, second=0)
    return noon if noon >= there else noon + timedelta(days=1)


@pytest.fixture
def wanted(formation: Formation, at: datetime, noon: datetime) -> Callable[..., TaskIn]:
    """Return the maker of bodies: two people for a patrol of the detachment at noon, answers within an hour."""

    def make(**changes: Any) -> TaskIn:
        body = {"instructions": "Meet at the school gate.", "starts_at": noon} | changes
        return TaskIn.model_validate(task_body(formation.detachment.number, at, **body))

    return make


class MakeTask(Protocol):
    """Makes a draft in the name of the commander."""

    def __call__(self, *, by: User | None = None, **changes: Any) -> Task: ...


@pytest.fixture
def make_task(wanted: Callable[..., TaskIn], commander: User, at: datetime) -> MakeTask:
    """Return the factory of drafts."""

    def make(*, by: User | None = None, **changes: Any) -> Task:
        return services.create_task(wanted=wanted(**changes), by=by or commander, at=at)

    return make


class Ask(Protocol):
    """Calls a task out in the name of the commander, to the detachment unless units are given."""

    def __call__(
        self, task: Task, *units: Unit, by: User | None = None, id: UUID | None = None
    ) -> CallOut: ...


@pytest.fixture
def ask(formation: Formation, commander: User, at: datetime) -> Ask:
    """Return the act of calling out."""

    def call_out(task: Task, *units: Unit, by: User | None = None, id: UUID | None = None) -> CallOut:
        numbers = [unit.number for unit in units or [formation.detachment]]
        wanted = CallOutIn(id=id or uuid7(), units=numbers)
        return services.call_out(task_id=task.pk, wanted=wanted, by=by or commander, at=at)

    return call_out


@pytest.fixture
def skills(db: None) -> list[str]:
    """Return the codes of two skills that exist."""
    codes = ["boat", "first-aid"]
    return [Skill.objects.get_or_create(code=code, defaults={"name": code})[0].code for code in codes]


class Reply(Protocol):
    """Answers in the name of a volunteer, a second later each time; returns the status."""

    def __call__(self, task: Task, person: Volunteer, answer: str, *, at: datetime | None = None) -> str: ...


@pytest.fixture
def reply(at: datetime) -> Reply:
    """Return the act of answering."""
    moment = at

    def answer_offer(task: Task, person: Volunteer, answer: str, *, at: datetime | None = None) -> str:
        nonlocal moment
        moment += timedelta(seconds=1)
        body = AnswerIn.model_validate({"answer": answer})
        return services.answer_offer(task_id=task.pk, answer=body, by=person.user, at=at or moment).status

    return answer_offer


@pytest.fixture
def people(formation: Formation, make_volunteer: MakeVolunteer) -> list[Volunteer]:
    """Four members of squadron A: adults on duty."""
    return [make_volunteer(formation.squadron_a) for _ in range(4)]


def statuses(task: Task) -> dict[Volunteer, str]:
    """Return each person's part in the task, in the order in which the people were made."""
    rows = Assignment.objects.filter(task=task).select_related("volunteer").order_by("volunteer_id")
    return {row.volunteer: row.status for row in rows}


def audiences(type: str) -> dict[str, set[int]]:
    """Return whom the events of one type were for, by topic; there must be no more than one in each."""
    rows = list(Event.objects.filter(type=type).values_list("topic_id", "audience"))
    found = {topic: set(Audience.of_stored(kept).numbers or ()) for topic, kept in rows if kept}
    assert len(found) == len(rows)
    return found


def receive(call_out: CallOut, person: Volunteer, *, seen: bool = False, at: datetime) -> None:
    """Note that this person's phone has received the call-out's event, and that its owner has looked."""
    row = Assignment.objects.get(through__call_out=call_out, volunteer=person).through
    assert row.seq is not None, "somebody was asked through it"
    Receipt.objects.update_or_create(
        topic=row.topic,
        person=person.number,
        defaults={"delivered": row.seq, "seen": row.seq if seen else 0, "at": at},
    )
