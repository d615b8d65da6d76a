"""The inbox: everything open, whatever its number, then what has ended, page by page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.dispatch import queries, services
from backend.dispatch.models import Assignment, AssignmentStatus, Task, TaskStatus
from backend.dispatch.queries import inbox
from backend.dispatch.schemas import Inbox
from backend.realtime.registry import snapshot_of
from backend.volunteers.models import Volunteer
from backend.volunteers.topics import principal_of_user
from tests.builders import AssignmentFactory, NoticeFactory, TaskFactory
from tests.conftest import Formation, SignedInClient
from tests.dispatch.conftest import Ask, MakeTask, Reply

ClientOf = Callable[[User], SignedInClient]
A_DAY = timedelta(days=1)
MakeParts = Callable[..., list[UUID]]


@pytest.fixture
def make_parts(volunteer: User, formation: Formation, at: datetime) -> MakeParts:
    """Return the maker of many parts of one volunteer in tasks, each asked a second after the one before."""
    second = count()

    def make(many: int, task_status: str, status: str, *, starts_in: timedelta = A_DAY) -> list[UUID]:
        times = {"at": at, "starts_at": at + starts_in, "answer_by": at + starts_in, "headcount": 1}
        ended = {} if task_status == TaskStatus.CALLED else {"ended_at": at}
        tasks = Task.objects.bulk_create(
            TaskFactory.build_batch(
                many, unit=formation.squadron_a, created_by=volunteer, status=task_status, **times, **ended
            )
        )
        through = NoticeFactory.create(task=tasks[0])
        Assignment.objects.bulk_create(
            AssignmentFactory.build(
                task=task,
                volunteer=volunteer.volunteer,
                through=through,
                status=status,
                offered_at=at + timedelta(seconds=next(second)),
            )
            for task in tasks
        )
        return [task.pk for task in tasks]

    return make


def pages(user: User, at: datetime) -> list[Inbox]:
    found = [queries.inbox_of(user.volunteer.number, at=at)]
    while found[-1].next:
        found.append(queries.inbox_of(user.volunteer.number, after=found[-1].next, at=at))
    return found


def tasks_of(page: Inbox) -> list[UUID]:
    return [offer.task.id for offer in page.items]


def test_the_inbox_is_what_a_person_was_asked_open_first_then_newest_first(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer], commander: User, at: datetime
) -> None:
    old, cancelled, accepted = make_task(), make_task(), make_task()
    for task in (old, cancelled, accepted):
        ask(task)
    reply(accepted, people[0], "accept")
    services.cancel_task(task_id=cancelled.pk, reason="Rain", by=commander, at=at)

    offers = queries.inbox_of(people[0].number, at=at).items

    assert [(offer.task.id, offer.task.status, offer.assignment.status) for offer in offers] == [
        (accepted.pk, "called", "accepted"),
        (old.pk, "called", "offered"),
        (cancelled.pk, "cancelled", "withdrawn"),
    ]
    assert queries.inbox_of(commander.volunteer.number, at=at) == Inbox(items=[], next=None)


def test_what_ended_more_than_a_week_ago_is_forgotten(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], noon: datetime
) -> None:
    task = make_task()
    ask(task)
    services.close_task(task_id=task.pk, at=task.answer_by)

    assert len(queries.inbox_of(people[0].number, at=noon + timedelta(days=7)).items) == 1
    assert queries.inbox_of(people[0].number, at=noon + timedelta(days=7, seconds=1)).items == []


def test_an_accepted_task_stays_however_many_newer_ones_have_ended(
    make_parts: MakeParts, volunteer: User, at: datetime
) -> None:
    (accepted,) = make_parts(1, "called", "accepted")
    (reserve,) = make_parts(1, "closed", "reserve", starts_in=timedelta(hours=-11))
    make_parts(150, "cancelled", "withdrawn")

    first, second = pages(volunteer, at)

    assert tasks_of(first)[:2] == [reserve, accepted]
    assert (len(first.items), len(second.items)) == (102, 50)


def test_open_offers_are_all_on_the_first_page_and_in_the_snapshot(
    make_parts: MakeParts, volunteer: User, at: datetime
) -> None:
    open_ones = make_parts(300, "called", "offered")
    make_parts(3, "closed", "expired")

    (page,) = pages(volunteer, at)

    assert tasks_of(page)[:300] == open_ones[::-1]
    assert len(page.items) == 303
    of_person = snapshot_of(principal_of_user(volunteer), volunteer.volunteer.topic)
    assert of_person["offers"] == page.model_dump(mode="json")


@pytest.mark.parametrize(
    ("task", "part", "starts_in", "is_open"),
    [
        ("called", "offered", A_DAY, True),
        ("called", "accepted", A_DAY, True),
        ("closed", "accepted", -timedelta(hours=11), True),
        ("closed", "accepted", -timedelta(hours=13), False),
        ("closed", "reserve", A_DAY, True),
        ("called", "declined", A_DAY, False),
        ("closed", "expired", A_DAY, False),
        ("cancelled", "withdrawn", A_DAY, False),
    ],
)
def test_open_is_what_waits_for_an_answer_and_what_is_not_over(
    make_parts: MakeParts,
    volunteer: User,
    at: datetime,
    task: str,
    part: str,
    starts_in: timedelta,
    is_open: bool,
) -> None:
    (old,) = make_parts(1, task, part, starts_in=starts_in)
    (newer,) = make_parts(1, "cancelled", "withdrawn")

    (page,) = pages(volunteer, at)

    assert tasks_of(page) == ([old, newer] if is_open else [newer, old])


def test_pages_hold_everything_once_open_ones_before_all_others(
    make_parts: MakeParts, volunteer: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST_OPEN", 3)
    monkeypatch.setattr(inbox, "ENDED", 2)
    ended = make_parts(5, "cancelled", "withdrawn")
    open_ones = make_parts(7, "called", "offered")

    found = pages(volunteer, at)

    assert [len(page.items) for page in found] == [3, 3, 3, 2, 1]
    assert [task for page in found for task in tasks_of(page)] == [*open_ones[::-1], *ended[::-1]]
    assert [page.next.split(".")[0] for page in found if page.next] == ["open", "open", "ended", "ended"]


def test_what_was_asked_at_the_same_moment_is_on_one_page_alone(
    make_parts: MakeParts, volunteer: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ENDED", 2)
    ended = make_parts(7, "cancelled", "withdrawn")
    Assignment.objects.update(offered_at=at)

    found = pages(volunteer, at)

    assert [task for page in found for task in tasks_of(page)] == ended[::-1]


def test_pages_go_on_when_their_last_line_has_changed_meanwhile(
    make_parts: MakeParts, volunteer: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST_OPEN", 2)
    open_ones = make_parts(4, "called", "offered")
    first = queries.inbox_of(volunteer.volunteer.number, at=at)
    Assignment.objects.filter(task=tasks_of(first)[-1]).update(status=AssignmentStatus.DECLINED)

    second = queries.inbox_of(volunteer.volunteer.number, after=str(first.next), at=at)

    assert set(open_ones) == {*tasks_of(first), *tasks_of(second)}


def test_rest_pages_and_refuses_a_place_that_is_none(
    make_parts: MakeParts, volunteer: User, outsider: User, client_of: ClientOf
) -> None:
    make_parts(101, "cancelled", "withdrawn")
    client = client_of(volunteer)

    first = client.get("/api/v1/me/inbox").json()
    second = client.get("/api/v1/me/inbox", {"after": first["next"]}).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (100, 1, None)
    assert client_of(outsider).get("/api/v1/me/inbox", {"after": first["next"]}).status_code == 404
    for wrong in ("", "x", "ended.x", "closed." + first["next"].partition(".")[2]):
        assert client.get("/api/v1/me/inbox", {"after": wrong}).status_code == 422, wrong


@pytest.mark.parametrize("after", ["first", "next"])
def test_a_page_takes_the_same_queries_however_much_it_holds(
    make_parts: MakeParts, volunteer: User, at: datetime, after: str
) -> None:
    def statements() -> int:
        first = queries.inbox_of(volunteer.volunteer.number, at=at)
        place: Any = first.next if after == "next" else ""
        with CaptureQueriesContext(connection) as captured:
            queries.inbox_of(volunteer.volunteer.number, after=place, at=at)
        return len(captured)

    make_parts(102, "cancelled", "withdrawn")
    with_few = statements()
    make_parts(30, "called", "offered")
    make_parts(30, "cancelled", "withdrawn")

    assert statements() == with_few
    assert with_few == 3
