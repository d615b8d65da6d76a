"""What issuers and those who were asked read."""

from collections.abc import Callable, Sized
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.models import Task
from backend.dispatch.queries import tasks as task_queries
from backend.dispatch.schemas import Progress
from backend.realtime.models import Receipt
from backend.volunteers.models import Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.dispatch.conftest import Ask, MakeTask, Reply, receive


def counts(progress: Progress) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {name: count for name, count in progress.model_dump().items() if count and name != "headcount"}


def test_progress_of_a_draft_is_all_zeros(make_task: MakeTask) -> None:
    task = make_task(headcount=7)

    found = queries.progress_of([task])[task.pk]

    assert (found.headcount, counts(found)) == (7, {})


def test_progress_counts_people_by_state_and_by_how_far_the_offer_got(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    people: list[Volunteer],
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    task = make_task(headcount=1)
    first = ask(task, formation.squadron_a)
    receive(first, people[0], seen=True, at=at)
    receive(first, people[1], at=at)
    late = [make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_b)]
    # A phone that has everything up to the first call-out's event has not the second one's.
    Receipt.objects.create(topic=formation.brigade.topic, person=late[0].number, delivered=0, at=at)
    second = ask(task, formation.brigade)
    receive(second, late[1], seen=True, at=at)
    reply(task, people[0], "accept")
    reply(task, late[1], "accept")
    reply(task, people[2], "decline")

    found = queries.progress_of([task])[task.pk]

    assert counts(found) == {
        "offered": 6,
        "delivered": 3,
        "seen": 2,
        "accepted": 1,
        "reserve": 1,
        "declined": 1,
        "silent": 1,
        "not_reached": 2,
    }


def test_receipt_of_an_earlier_event_is_no_delivery(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], at: datetime
) -> None:
    first = ask(make_task(), formation.squadron_a)
    receive(first, people[0], seen=True, at=at)
    task = make_task()

    ask(task, formation.squadron_a)

    assert counts(queries.progress_of([task])[task.pk]) == {"offered": 4, "not_reached": 4}


def test_receipts_stay_true_when_a_unit_moves(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], at: datetime
) -> None:
    task = make_task()
    sent = ask(task, formation.brigade)
    receive(sent, people[0], at=at)

    Unit.objects.move(
        Unit.objects.get(pk=formation.squadron_a.pk), Unit.objects.get(pk=formation.corps.pk), "last-child"
    )

    assert queries.progress_of([task])[task.pk].silent == 1


def test_unit_progress_counts_each_direct_sub_unit(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    people: list[Volunteer],
    outsider: User,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    own = make_volunteer(formation.detachment)
    task = make_task()
    ask(task)
    reply(task, people[0], "accept")
    reply(task, own, "decline")

    def lines(unit: Unit) -> list[tuple[str, dict[str, int]]]:
        return [(line.unit.number, counts(line.progress)) for line in queries.unit_progress(task, unit)]

    assert lines(formation.detachment) == [
        (formation.detachment.number, {"offered": 1, "declined": 1}),
        (formation.brigade.number, {"offered": 4, "accepted": 1, "not_reached": 3}),
        (formation.other_brigade.number, {"offered": 1, "not_reached": 1}),
    ]
    assert lines(formation.brigade) == [
        (formation.squadron_a.number, {"offered": 4, "accepted": 1, "not_reached": 3})
    ]
    assert lines(formation.squadron_b) == []


def test_recipients_are_the_list_to_work_through(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    people: list[Volunteer],
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    people.append(make_volunteer(formation.squadron_b))
    task = make_task(headcount=1)
    sent = ask(task)
    receive(sent, people[0], seen=True, at=at)
    receive(sent, people[1], at=at)
    reply(task, people[0], "accept")
    reply(task, people[2], "accept")
    reply(task, people[4], "decline")

    page = queries.recipients(task, at=task.created_at)

    by_number = {int(line.volunteer): line for line in page.items}
    assert list(by_number) == sorted(person.number for person in people)
    lines = [by_number[person.number] for person in people]
    assert [(line.state, line.delivered, line.seen) for line in lines] == [
        ("accepted", True, True),
        ("silent", True, False),
        ("reserve", False, False),
        ("not_reached", False, False),
        ("declined", False, False),
    ]
    assert lines[0].name == people[0].name
    assert (lines[4].unit, lines[4].unit_name) == (formation.squadron_b.number, "江滨社区")
    assert page.next is None


def test_recipients_show_a_phone_only_of_those_to_be_called_by_hand(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], at: datetime
) -> None:
    task = make_task()
    sent = ask(task)
    receive(sent, people[0], at=at)

    phones = {int(line.volunteer): line.phone for line in queries.recipients(task, at=task.created_at).items}

    whole = [str(person.user.phone) for person in people]
    assert phones[people[0].number] == f"{whole[0][:3]}****{whole[0][-4:]}"
    assert [phones[person.number] for person in people[1:]] == whole[1:]


@pytest.mark.parametrize(
    ("state", "who"),
    [
        ("accepted", [0]),
        ("reserve", [1]),
        ("declined", [2]),
        ("silent", [3]),
        ("not_reached", [4]),
        ("expired", []),
        ("withdrawn", []),
    ],
)
def test_recipients_can_be_of_one_state(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    people: list[Volunteer],
    make_volunteer: MakeVolunteer,
    at: datetime,
    state: Any,
    who: list[int],
) -> None:
    people.append(make_volunteer(formation.squadron_a))
    task = make_task(headcount=1)
    sent = ask(task)
    receive(sent, people[3], at=at)
    for person, answer in zip(people, ["accept", "accept", "decline"], strict=False):
        reply(task, person, answer)

    found = [int(line.volunteer) for line in queries.recipients(task, at=task.created_at, state=state).items]

    assert found == [people[index].number for index in who]


def test_recipients_come_in_pages(make_task: MakeTask, ask: Ask, people: list[Volunteer]) -> None:
    task = make_task()
    ask(task)

    first = queries.recipients(task, at=task.created_at, limit=3)
    assert first.next is not None
    second = queries.recipients(task, at=task.created_at, after=int(first.next), limit=3)

    assert [len(first.items), len(second.items), second.next] == [3, 1, None]
    numbers = [int(line.volunteer) for line in [*first.items, *second.items]]
    assert numbers == sorted(person.number for person in people)


def test_task_page_lists_what_one_directs_newest_first(
    make_task: MakeTask,
    formation: Formation,
    commander: User,
    leader: User,
    volunteer: User,
    stranger: User,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_queries, "PAGE", 2)
    tasks = [
        make_task(),
        make_task(unit=formation.squadron_a.number),
        make_task(unit=formation.squadron_c.number),
    ]
    newest_first = [task.pk for task in reversed(tasks)]

    first = queries.task_page(commander, at=at)
    second = queries.task_page(commander, after=first.next, at=at)

    assert [detail.task.id for detail in first.items] == newest_first[:2]
    assert ([detail.task.id for detail in second.items], second.next) == (newest_first[2:], None)
    assert [detail.task.id for detail in queries.task_page(leader, at=at).items] == [tasks[1].pk]
    for nobody in (volunteer, stranger):
        assert queries.task_page(nobody, at=at).items == []


def test_task_page_can_be_of_one_unit_and_status(
    make_task: MakeTask,
    ask: Ask,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    make_task()
    below, called = make_task(unit=formation.squadron_a.number), make_task(unit=formation.brigade.number)
    ask(called)

    of_unit = queries.task_page(commander, unit=formation.brigade, at=at)
    of_status = queries.task_page(commander, unit=formation.brigade, status="draft", at=at)

    assert [detail.task.id for detail in of_unit.items] == [called.pk, below.pk]
    assert [detail.task.id for detail in of_status.items] == [below.pk]


@pytest.mark.parametrize("read", ["task_page", "recipients", "offers", "unit_progress"])
def test_lists_take_the_same_number_of_queries_for_one_row_and_for_three(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    commander: User,
    at: datetime,
    read: str,
) -> None:
    person = make_volunteer(formation.squadron_a)
    task = Task.objects.select_related("unit").get(pk=make_task().pk)  # as a door reads it
    ask(task)
    reads: dict[str, Callable[[], Sized]] = {
        "task_page": lambda: queries.task_page(commander, at=at).items,
        "recipients": lambda: queries.recipients(task, at=task.created_at).items,
        "offers": lambda: queries.inbox_of(person.number, at=at).items,
        "unit_progress": lambda: queries.unit_progress(task, formation.detachment),
    }
    with CaptureQueriesContext(connection) as one:
        assert len(reads[read]()) == 1
    make_volunteer(formation.squadron_c)
    make_volunteer(formation.detachment)
    for another in (task, make_task(), make_task(unit=formation.brigade.number)):
        ask(another)

    with CaptureQueriesContext(connection) as three:
        assert len(reads[read]()) == 3

    assert len(three) == len(one)
