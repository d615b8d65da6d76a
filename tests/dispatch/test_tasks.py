"""Making tasks and ending them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pydantic
import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import due, services
from backend.dispatch.models import LegalBasis, Task
from backend.dispatch.schemas import LegalBasisIn, TaskIn
from backend.lib.datum import wgs84_to_gcj02
from backend.lib.errors import Invalid, NotFound
from backend.realtime.models import Event
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply, statuses

Wanted = Callable[..., TaskIn]


def test_create_makes_a_draft_that_nobody_has_heard_of(
    make_task: MakeTask, commander: User, published: Published, at: datetime
) -> None:
    task = make_task()

    assert (task.status, task.accepted, task.created_by, task.created_at) == ("draft", 0, commander, at)
    assert list(Entry.objects.filter(subject=task.topic).values_list("act", "by")) == [
        ("task.created", commander.pk)
    ]
    assert published() == []


def test_create_stores_the_place_in_wgs84(make_task: MakeTask) -> None:
    lon, lat = wgs84_to_gcj02(119.89, 29.45)

    task = make_task(place={"lon": lon, "lat": lat, "datum": "gcj02"})

    assert (task.lon, task.lat) == pytest.approx((119.89, 29.45), abs=1e-8)


def test_create_again_returns_the_same_task_even_when_its_time_has_passed(
    wanted: Wanted, commander: User, at: datetime
) -> None:
    body = wanted(place={"lon": 119.9, "lat": 29.4, "datum": "bd09"})
    first = services.create_task(wanted=body, by=commander, at=at)

    again = services.create_task(wanted=body, by=commander, at=at + timedelta(hours=2))

    assert (again, again.created_at) == (first, at)
    assert Task.objects.count() == Entry.objects.filter(act="task.created").count() == 1


def test_create_refuses_the_id_of_another_task(wanted: Wanted, commander: User, at: datetime) -> None:
    body = wanted()
    services.create_task(wanted=body, by=commander, at=at)

    with pytest.raises(services.TaskIdTaken):
        services.create_task(wanted=wanted(id=str(body.id), title="Another"), by=commander, at=at)


def test_create_refuses_the_id_of_another_person(
    wanted: Wanted, commander: User, leader: User, formation: Formation, at: datetime
) -> None:
    body = wanted(unit=formation.squadron_a.number)
    services.create_task(wanted=body, by=commander, at=at)

    with pytest.raises(services.TaskIdTaken):
        services.create_task(wanted=body, by=leader, at=at)


def test_create_takes_only_ids_of_version_7(wanted: Wanted) -> None:
    with pytest.raises(pydantic.ValidationError, match="UUID version 7"):
        wanted(id=str(uuid4()))


@pytest.mark.parametrize("title", ["", "   ", "a\0b"])
def test_create_takes_only_titles_that_can_be_read(wanted: Wanted, title: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="title"):
        wanted(title=title)


def test_create_takes_no_time_to_answer_after_the_start(wanted: Wanted, noon: datetime) -> None:
    with pytest.raises(pydantic.ValidationError, match="answer_by must not be after starts_at"):
        wanted(answer_by=noon + timedelta(seconds=1))


def test_create_names_everything_that_is_wrong(
    wanted: Wanted, skills: list[str], commander: User, at: datetime
) -> None:
    body = wanted(
        answer_by=at,
        starts_at=at + timedelta(days=400),
        requirements=["first-aid", "juggling", "first-aid", "magic"],
    )

    with pytest.raises(Invalid) as refused:
        services.create_task(wanted=body, by=commander, at=at)

    pointers = [error["pointer"] for error in refused.value.errors]
    assert pointers == ["/answer_by", "/starts_at", "/requirements/1", "/requirements/3"]
    assert not Task.objects.exists()


def test_create_counts_a_requirement_once(make_task: MakeTask, skills: list[str]) -> None:

    assert make_task(requirements=["first-aid", "first-aid"]).requirements == ["first-aid"]


def test_create_refuses_who_may_not_dispatch_the_unit(
    wanted: Wanted, leader: User, volunteer: User, stranger: User, at: datetime
) -> None:
    for by in (leader, volunteer, stranger):
        with pytest.raises(NotFound):
            services.create_task(wanted=wanted(), by=by, at=at)


@pytest.mark.parametrize("number", ["", "99", "not a number", "0799000000"])
def test_create_refuses_units_that_do_not_exist(
    wanted: Wanted, commander: User, at: datetime, number: str
) -> None:
    with pytest.raises(NotFound):
        services.create_task(wanted=wanted(unit=number), by=commander, at=at)


def test_cancel_tells_everyone_who_was_asked_and_withdraws_their_parts(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    task = make_task(headcount=1)
    ask(task, formation.squadron_a)
    accepted, reserve, declined, silent = people
    reply(task, accepted, "accept")
    reply(task, reserve, "accept")
    reply(task, declined, "decline")

    cancelled = services.cancel_task(task_id=task.pk, reason="Rain", by=commander, at=at)

    assert (cancelled.status, cancelled.accepted, cancelled.end_reason) == ("cancelled", 0, "Rain")
    assert cancelled.ended_at == at
    line = Entry.objects.get(act="task.cancelled")
    assert (line.post, line.details) == (f"commander@{task.unit.number}", {})
    assert statuses(task) == {
        accepted: "withdrawn",
        reserve: "withdrawn",
        declined: "declined",
        silent: "withdrawn",
    }
    topic = formation.squadron_a.topic
    assert published(topic, "task.cancelled") == [
        (topic, "task.cancelled", {"task": str(task.pk), "revision": cancelled.revision, "reason": "Rain"})
    ]
    audience = Event.objects.get(type="task.cancelled").audience
    assert audience == {"numbers": [person.number for person in people]}
    assert published(task.topic)[-1][2]["task"]["status"] == "cancelled"


def test_cancel_again_changes_nothing(
    make_task: MakeTask,
    ask: Ask,
    people: list[Volunteer],
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    task = make_task()
    ask(task)
    services.cancel_task(task_id=task.pk, reason="Rain", by=commander, at=at)
    before = published()

    again = services.cancel_task(task_id=task.pk, reason="Snow", by=commander, at=at + timedelta(hours=1))

    assert (again.end_reason, again.ended_at) == ("Rain", at)
    assert published() == before


def test_cancel_ends_a_draft_and_a_closed_task(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], commander: User, at: datetime
) -> None:
    draft, closed = make_task(), make_task()
    ask(closed)
    later = at + timedelta(hours=1)
    assert services.close_task(task_id=closed.pk, at=later)

    for task in (draft, closed):
        assert services.cancel_task(task_id=task.pk, reason="", by=commander, at=later).status == "cancelled"


def test_cancel_refuses_who_may_not_direct_the_task(
    make_task: MakeTask, leader: User, volunteer: User, stranger: User, at: datetime
) -> None:
    task = make_task()
    for by in (leader, volunteer, stranger):
        with pytest.raises(NotFound):
            services.cancel_task(task_id=task.pk, reason="", by=by, at=at)


def test_clock_closes_tasks_whose_time_to_answer_has_passed(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    task, later, draft = make_task(), make_task(answer_by=at + timedelta(hours=3)), make_task()
    ask(task, formation.squadron_a)
    ask(later)
    reply(task, people[0], "accept")
    reply(task, people[1], "decline")

    assert due.close_tasks(at=at + timedelta(minutes=59)) == 0
    assert due.close_tasks(at=at + timedelta(hours=1)) == 1
    assert due.close_tasks(at=at + timedelta(hours=1)) == 0

    assert list(statuses(task).values()) == ["accepted", "declined", "expired", "expired"]
    for row, status in ((task, "closed"), (later, "called"), (draft, "draft")):
        row.refresh_from_db()
        assert row.status == status
    topic = formation.squadron_a.topic
    assert published(topic, "task.closed") == [
        (topic, "task.closed", {"task": str(task.pk), "revision": 2, "accepted": 1})
    ]
    assert published(task.topic)[-1][2]["task"]["status"] == "closed"
    assert Entry.objects.get(act="task.closed").by is None


def test_a_task_that_was_called_off_names_no_legal_basis_any_more(
    make_task: MakeTask, commander: User, published: Published, at: datetime
) -> None:
    task = make_task()
    basis = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="a child is missing")
    services.name_legal_basis(task_id=task.pk, wanted=basis, by=commander, at=at)
    assert published(task.topic)[-1][2]["task"]["legal_basis"] == "vital_interests"

    services.cancel_task(task_id=task.pk, reason="", by=commander, at=at)

    assert published(task.topic)[-1][2]["task"]["legal_basis"] == ""
