"""Whoever is suspended or retired is not asked and takes no place; a retired unit's number goes on."""

from datetime import datetime
from typing import Any

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import due, services
from backend.dispatch.queries import units_numbered
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services import NobodyToAsk
from backend.dispatch.topics import taking_part
from backend.volunteers.models import Standing, Volunteer
from backend.volunteers.services.duty import NotInService
from backend.volunteers.services.standing import reinstate, suspend
from backend.volunteers.services.units import merge_units
from tests.conftest import Formation
from tests.dispatch.conftest import Ask, MakeTask, Reply, statuses

OUT_OF_SERVICE = (Standing.SUSPENDED, Standing.RETIRED)


def put(person: Volunteer, standing: Standing) -> None:
    Volunteer.objects.filter(pk=person.pk).update(standing=standing)


@pytest.mark.parametrize("standing", OUT_OF_SERVICE)
def test_whoever_is_not_in_service_is_not_asked(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], formation: Formation, standing: Standing
) -> None:
    put(people[0], standing)
    task = make_task()

    ask(task, formation.squadron_a)

    assert people[0] not in statuses(task)
    for person in people:
        put(person, standing)
    with pytest.raises(NobodyToAsk):
        ask(make_task(), formation.squadron_a)


@pytest.mark.parametrize("standing", OUT_OF_SERVICE)
def test_whoever_is_not_in_service_may_decline_but_not_accept(
    make_task: MakeTask,
    ask: Ask,
    people: list[Volunteer],
    formation: Formation,
    standing: Standing,
    at: datetime,
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)
    person = people[0]
    put(person, standing)

    with pytest.raises(NotInService):
        services.answer_offer(task_id=task.pk, answer=AnswerIn(answer="accept"), by=person.user, at=at)
    assert statuses(task)[person] == "offered"
    declined = services.answer_offer(
        task_id=task.pk, answer=AnswerIn(answer="decline"), by=person.user, at=at
    )
    assert declined.status == "declined"


def test_a_suspended_reserve_does_not_move_up(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer], formation: Formation
) -> None:
    task = make_task(headcount=1)
    ask(task, formation.squadron_a)
    first, second, third = people[:3]
    assert [reply(task, person, "accept") for person in (first, second, third)] == [
        "accepted",
        "reserve",
        "reserve",
    ]
    put(second, Standing.SUSPENDED)

    reply(task, first, "decline")

    assert statuses(task)[second] == "reserve"
    assert statuses(task)[third] == "accepted"


def test_a_suspended_participant_is_not_tracked(
    make_task: MakeTask, ask: Ask, reply: Reply, people: list[Volunteer], formation: Formation
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)
    reply(task, people[0], "accept")
    assert list(taking_part([people[0].number], task.starts_at)) == [people[0].number]

    put(people[0], Standing.SUSPENDED)

    assert taking_part([people[0].number], task.starts_at) == {}


def test_a_call_out_to_a_retired_number_goes_to_the_successor(
    commander: User, formation: Formation, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    merge_units(unit=a, successor=b, by=commander, at=at)

    assert units_numbered([a.number, b.number]) == [b]


def test_the_clock_gives_back_what_the_suspended_hold(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    """The place goes to the reserve; the record names nobody; what is over stays as it was."""
    task = make_task(headcount=1)
    ask(task, formation.squadron_a)
    first, second, third = people[:3]
    for person in (first, second):
        reply(task, person, "accept")
    for person in (first, third):
        suspend(number=f"{person.number:08d}", reason="an inquiry", by=commander, at=at)

    assert due.give_back_places(at=at) == 2
    assert due.give_back_places(at=at) == 0

    told = statuses(task)
    assert (told[first], told[second], told[third]) == ("declined", "accepted", "declined")
    assert Entry.objects.filter(act="assignment.declined", by=None).count() == 2


def test_the_clock_leaves_tasks_that_have_begun(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)
    reply(task, people[0], "accept")
    suspend(number=f"{people[0].number:08d}", reason="an inquiry", by=commander, at=task.starts_at)

    assert due.give_back_places(at=task.starts_at) == 0
    assert statuses(task)[people[0]] == "accepted"


def test_who_is_suspended_gives_the_place_back_with_the_commit(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Without the clock; a failure there takes nothing back of the suspension."""
    task = make_task(headcount=1)
    ask(task, formation.squadron_a)
    first, second = people[:2]
    for person in (first, second):
        reply(task, person, "accept")

    with django_capture_on_commit_callbacks(execute=True):
        suspend(number=f"{first.number:08d}", reason="an inquiry", by=commander, at=at)

    told = statuses(task)
    assert (told[first], told[second]) == ("declined", "accepted")
    assert due.give_back_places(at=at) == 0


def test_who_is_reinstated_gives_nothing_back(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
    django_capture_on_commit_callbacks: Any,
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)
    reply(task, people[0], "accept")
    number = f"{people[0].number:08d}"
    suspend(number=number, reason="an inquiry", by=commander, at=at)

    with django_capture_on_commit_callbacks(execute=True):
        reinstate(number=number, by=commander, at=at)

    assert statuses(task)[people[0]] == "accepted"
