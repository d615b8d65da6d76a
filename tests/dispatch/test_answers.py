"""Answers: places, the reserve, and who is told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import services
from backend.dispatch.models import Task
from backend.dispatch.schemas import AnswerIn
from backend.lib.errors import NotFound
from backend.realtime.models import Event
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply, audiences, statuses

ACCEPT, DECLINE = AnswerIn(answer="accept"), AnswerIn(answer="decline")


@pytest.fixture
def asked_task(make_task: MakeTask, ask: Ask, people: list[Volunteer], formation: Formation) -> Task:
    """Return a task with two places that four people have been asked for."""
    task = make_task(headcount=2)
    ask(task, formation.squadron_a)
    return task


@pytest.fixture
def since(published: Published) -> Callable[[], list[tuple[str, str]]]:
    """Return what was published since it was last asked, as (topic, type)."""
    read = 0

    def news() -> list[tuple[str, str]]:
        nonlocal read
        found = [(topic, type) for topic, type, _ in published()]
        read, old = len(found), read
        return sorted(found[old:])

    return news


def test_accept_takes_a_place(
    asked_task: Task, people: list[Volunteer], published: Published, at: datetime
) -> None:
    person = people[0]
    body = AnswerIn(answer="accept", eta_min=12, reason="On my way")

    assignment = services.answer_offer(task_id=asked_task.pk, answer=body, by=person.user, at=at)

    assert (assignment.status, assignment.answered_at, assignment.reason) == ("accepted", at, "On my way")
    assert assignment.eta_at == at + timedelta(minutes=12)
    asked_task.refresh_from_db()
    assert asked_task.accepted == 1
    ((_, type, mine),) = published(person.topic)
    assert (type, mine["assignment"]["status"]) == ("assignment.changed", "accepted")
    ((_, _, _), (_, type, progressed)) = published(asked_task.topic)
    assert type == "task.progressed"
    assert progressed["changed"] == [mine["assignment"]]
    assert progressed["task"]["accepted"] == 1
    assert Entry.objects.get(act="assignment.accepted").by == person.user


def test_accept_of_a_full_task_makes_a_reserve(
    asked_task: Task, people: list[Volunteer], reply: Reply
) -> None:
    assert [reply(asked_task, person, "accept") for person in people] == [
        "accepted",
        "accepted",
        "reserve",
        "reserve",
    ]
    asked_task.refresh_from_db()
    assert asked_task.accepted == 2


def test_last_place_tells_everybody_who_was_asked_that_the_task_is_full(
    asked_task: Task,
    people: list[Volunteer],
    reply: Reply,
    formation: Formation,
    since: Callable[[], list[tuple[str, str]]],
) -> None:
    topic = formation.squadron_a.topic
    reply(asked_task, people[0], "accept")
    assert (topic, "task.filled") not in since()

    reply(asked_task, people[1], "accept")

    assert (topic, "task.filled") in since()
    filled = Event.objects.get(type="task.filled")
    assert filled.data == {"task": str(asked_task.pk), "revision": 2, "accepted": 2}
    assert filled.audience == {"numbers": [person.number for person in people]}
    reply(asked_task, people[2], "accept")
    assert (topic, "task.filled") not in since()


def test_filled_goes_to_the_people_of_every_call_out(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    people: list[Volunteer],
    outsider: User,
    make_volunteer: Callable[..., Volunteer],
) -> None:
    task = make_task(headcount=1)
    ask(task, formation.squadron_a)
    late = make_volunteer(formation.squadron_a)
    ask(task, formation.squadron_a, formation.other_brigade)

    reply(task, late, "accept")

    assert audiences("task.filled") == {
        formation.squadron_a.topic: {person.number for person in [*people, late]},
        formation.other_brigade.topic: {outsider.volunteer.number},
    }


def test_decline_leaves_the_places_alone(asked_task: Task, people: list[Volunteer], reply: Reply) -> None:
    reply(asked_task, people[0], "accept")

    assert reply(asked_task, people[1], "decline") == "declined"

    asked_task.refresh_from_db()
    assert asked_task.accepted == 1


def test_decline_after_accepting_gives_the_place_to_the_earliest_reserve(
    asked_task: Task,
    people: list[Volunteer],
    reply: Reply,
    since: Callable[[], list[tuple[str, str]]],
    published: Published,
) -> None:
    leaving, staying, first, second = people[0], people[1], people[3], people[2]
    for person in (leaving, staying, first, second):
        reply(asked_task, person, "accept")
    since()

    reply(asked_task, leaving, "decline")

    assert statuses(asked_task) == {
        leaving: "declined",
        staying: "accepted",
        first: "accepted",
        second: "reserve",
    }
    asked_task.refresh_from_db()
    assert asked_task.accepted == 2
    assert since() == sorted(
        [
            (leaving.topic, "assignment.changed"),
            (first.topic, "assignment.changed"),
            (asked_task.topic, "task.progressed"),
        ]
    )
    changed = published(asked_task.topic)[-1][2]["changed"]
    assert [(line["volunteer"], line["status"]) for line in changed] == [
        (f"{leaving.number:08d}", "declined"),
        (f"{first.number:08d}", "accepted"),
    ]


def test_decline_of_a_full_task_without_reserve_reopens_it(
    asked_task: Task,
    people: list[Volunteer],
    reply: Reply,
    formation: Formation,
    since: Callable[[], list[tuple[str, str]]],
) -> None:
    reply(asked_task, people[0], "accept")
    reply(asked_task, people[1], "accept")
    since()

    reply(asked_task, people[0], "decline")

    topic = formation.squadron_a.topic
    assert (topic, "task.reopened") in since()
    reopened = Event.objects.get(type="task.reopened")
    assert reopened.data == {"task": str(asked_task.pk), "revision": 3, "accepted": 1}
    assert reopened.audience == {"numbers": [person.number for person in people]}
    reply(asked_task, people[1], "decline")
    assert (topic, "task.reopened") not in since()
    assert reply(asked_task, people[2], "accept") == "accepted"
    assert reply(asked_task, people[3], "accept") == "accepted"
    assert (topic, "task.filled") in since()


def test_decline_of_a_reserve_changes_no_place(
    asked_task: Task, people: list[Volunteer], reply: Reply
) -> None:
    for person in people[:3]:
        reply(asked_task, person, "accept")

    reply(asked_task, people[2], "decline")

    assert list(statuses(asked_task).values()) == ["accepted", "accepted", "declined", "offered"]


def test_reserve_without_an_account_is_passed_over(
    asked_task: Task, people: list[Volunteer], reply: Reply
) -> None:
    for person in people:
        reply(asked_task, person, "accept")
    User.objects.filter(volunteer=people[2]).update(is_active=False)

    reply(asked_task, people[0], "decline")

    assert list(statuses(asked_task).values()) == ["declined", "accepted", "reserve", "accepted"]


def test_who_declined_may_still_accept(asked_task: Task, people: list[Volunteer], reply: Reply) -> None:
    reply(asked_task, people[0], "decline")

    assert reply(asked_task, people[0], "accept") == "accepted"


@pytest.mark.parametrize("answer", [ACCEPT, DECLINE])
def test_same_answer_again_changes_nothing(
    asked_task: Task, people: list[Volunteer], published: Published, at: datetime, answer: AnswerIn
) -> None:
    by = people[0].user
    first = services.answer_offer(task_id=asked_task.pk, answer=answer, by=by, at=at)
    before = published()
    much_later = asked_task.answer_by + timedelta(hours=1)

    again = services.answer_offer(task_id=asked_task.pk, answer=answer, by=by, at=much_later)

    assert (again.pk, again.status, again.answered_at) == (first.pk, first.status, at)
    assert published() == before


def test_accept_again_of_a_reserve_stays_a_reserve(
    asked_task: Task, people: list[Volunteer], reply: Reply
) -> None:
    for person in people[:3]:
        reply(asked_task, person, "accept")

    assert reply(asked_task, people[2], "accept") == "reserve"


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_answer_refuses_when_the_time_has_passed(
    asked_task: Task, people: list[Volunteer], reply: Reply, answer: str, closed: bool
) -> None:
    late = asked_task.answer_by
    if closed:
        services.close_task(task_id=asked_task.pk, at=late)

    with pytest.raises(services.OfferExpired):
        reply(asked_task, people[0], answer, at=late)


def test_place_can_be_given_back_after_the_time_to_answer_without_reopening(
    asked_task: Task,
    people: list[Volunteer],
    reply: Reply,
    since: Callable[[], list[tuple[str, str]]],
) -> None:
    for person in people[:3]:
        reply(asked_task, person, "accept")
    late = asked_task.answer_by + timedelta(minutes=5)
    services.close_task(task_id=asked_task.pk, at=late)

    assert reply(asked_task, people[0], "decline", at=late) == "declined"
    assert list(statuses(asked_task).values()) == ["declined", "accepted", "accepted", "expired"]
    since()
    assert reply(asked_task, people[1], "decline", at=late) == "declined"
    assert "task.reopened" not in [type for _, type in since()]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_answer_refuses_when_the_task_was_called_off(
    asked_task: Task, people: list[Volunteer], reply: Reply, commander: User, at: datetime, answer: str
) -> None:
    reply(asked_task, people[0], "accept")
    services.cancel_task(task_id=asked_task.pk, reason="", by=commander, at=at)

    for person in people[:2]:
        with pytest.raises(services.TaskOver):
            reply(asked_task, person, answer)


def test_answer_refuses_whoever_was_not_asked(
    asked_task: Task, commander: User, outsider: User, stranger: User, at: datetime
) -> None:
    for by in (commander, outsider, stranger):
        with pytest.raises(NotFound):
            services.answer_offer(task_id=asked_task.pk, answer=ACCEPT, by=by, at=at)


def test_answer_refuses_a_task_that_does_not_exist(volunteer: User, at: datetime) -> None:
    with pytest.raises(NotFound):
        services.answer_offer(task_id=uuid7(), answer=ACCEPT, by=volunteer, at=at)
