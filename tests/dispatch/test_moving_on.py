"""Tasks whose people or unit have moved on: whoever was asked still hears of them, somebody still directs them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from backend.accounts.models import User
from backend.dispatch import queries, services
from backend.dispatch.models import TaskStatus
from backend.lib.errors import NotFound
from backend.realtime.services import may_join
from backend.volunteers.models import Volunteer
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.units import merge_units
from backend.volunteers.topics import principal_of_user
from tests.conftest import Formation, MakeVolunteer, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply


@pytest.fixture
def three(formation: Formation, make_volunteer: MakeVolunteer) -> list[Volunteer]:
    return [make_volunteer(formation.squadron_a) for _ in range(3)]


def test_whoever_has_left_the_unit_hears_of_the_end_on_their_own_topic(
    make_task: MakeTask,
    ask: Ask,
    three: list[Volunteer],
    formation: Formation,
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    task, gone = make_task(), three[0]
    ask(task, formation.squadron_a)
    leave_unit(number=f"{gone.number:08d}", unit=formation.squadron_a, by=commander, at=at)

    services.cancel_task(task_id=task.pk, reason="rain", by=commander, at=at)

    told = {topic for topic, _, _ in published(type="task.cancelled")}
    assert told == {formation.squadron_a.topic, gone.topic}
    assert queries.asked_by_topic(task) == {
        gone.topic: [gone.number],
        formation.squadron_a.topic: [person.number for person in three[1:]],
    }


def test_what_is_told_on_the_unit_s_topic_and_on_their_own_is_in_order_by_its_revision(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    three: list[Volunteer],
    formation: Formation,
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    task, gone = make_task(headcount=1), three[0]
    ask(task, formation.squadron_a)
    reply(task, three[1], "accept")
    leave_unit(number=f"{gone.number:08d}", unit=formation.squadron_a, by=commander, at=at)
    reply(task, three[1], "decline")
    services.cancel_task(task_id=task.pk, reason="rain", by=commander, at=at)

    told = [
        (topic, type, data)
        for topic, type, data in published()
        if topic in (gone.topic, formation.squadron_a.topic)
    ]
    of_task = [
        (topic, type.removeprefix("task."), data.get("revision") or data["task"]["revision"])
        for topic, type, data in told
        if type.startswith("task.")
    ]
    called, gone_too = formation.squadron_a.topic, gone.topic
    assert sorted(of_task, key=lambda row: row[2]) == of_task
    assert set(of_task) == {
        (called, "called", 1),
        (called, "filled", 2),
        *((topic, "reopened", 3) for topic in (called, gone_too)),
        *((topic, "cancelled", 4) for topic in (called, gone_too)),
    }


def test_people_of_a_unit_below_the_one_called_out_hear_on_its_topic(
    make_task: MakeTask, ask: Ask, three: list[Volunteer], formation: Formation
) -> None:
    task = make_task()
    ask(task, formation.brigade)

    assert queries.asked_by_topic(task) == {formation.brigade.topic: [person.number for person in three]}


def test_a_merged_unit_s_people_hear_of_their_task_and_its_successor_sees_it_through(
    make_task: MakeTask,
    ask: Ask,
    three: list[Volunteer],
    formation: Formation,
    leader: User,
    sibling_leader: User,
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    task = make_task(by=leader, unit=formation.squadron_a.number)
    ask(task, formation.squadron_a, by=leader)
    draft = make_task(by=leader, unit=formation.squadron_a.number)
    with pytest.raises(NotFound):
        queries.task_for(sibling_leader, task.pk, at=at)

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    assert queries.task_for(sibling_leader, draft.pk, at=at).unit_id == formation.squadron_b.pk
    assert may_join(principal_of_user(sibling_leader), task.topic)
    services.cancel_task(task_id=task.pk, reason="rain", by=sibling_leader, at=at)
    told = {topic for topic, _, _ in published(type="task.cancelled")}
    assert told == {person.topic for person in three}


def test_what_is_over_stays_with_the_unit_that_asked(
    make_task: MakeTask, formation: Formation, leader: User, commander: User, at: datetime
) -> None:
    task = make_task(by=leader, unit=formation.squadron_a.number)
    services.cancel_task(task_id=task.pk, reason="rain", by=leader, at=at)

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    task.refresh_from_db()
    assert (task.status, task.unit_id) == (TaskStatus.CANCELLED, formation.squadron_a.pk)


@pytest.mark.parametrize("people", [1, 3])
def test_finding_the_topics_is_one_query(
    make_task: MakeTask,
    ask: Ask,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    django_assert_num_queries: Callable[..., Any],
    people: int,
) -> None:
    for _ in range(people):
        make_volunteer(formation.squadron_a)
    task = make_task()
    ask(task, formation.squadron_a)

    with django_assert_num_queries(1):
        asked = queries.asked_by_topic(task)

    assert [len(numbers) for numbers in asked.values()] == [people]
