"""Answers taken together: the same places as one by one, in few statements, and nobody told twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import due, queries, services
from backend.dispatch.models import Assignment, Task
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services import Answer
from backend.dispatch.services.progress import MAX_LINES
from backend.lib.errors import Refusal
from backend.realtime.frames import CommandFrame
from backend.realtime.models import Event
from backend.realtime.registry import Principal
from backend.realtime.socket.batches import Sent, run_commands
from backend.tracking.models import LatestPosition
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply, statuses
from tests.lock_order import block_of_test

Act = Literal["accept", "decline"]


@pytest.fixture
def task(make_task: MakeTask, ask: Ask, people: list[Volunteer]) -> Task:
    """Return a task with two places that four people have been asked for."""
    task = make_task(headcount=2)
    ask(task)
    return task


def given_by(person: Volunteer, task: Task | UUID, answer: Act, at: datetime) -> Answer:
    id = task.pk if isinstance(task, Task) else task
    return Answer(id, AnswerIn(answer=answer), person.user, at)


def outcomes(answers: Sequence[Answer]) -> list[str]:
    """Take answers together; returns each status, or the refusal's name."""
    return [
        taken.slug if isinstance(taken, Refusal) else taken.status
        for taken in services.answer_offers(answers)
    ]


def in_turn(people: Sequence[Volunteer], task: Task, answer: Act, at: datetime) -> list[Answer]:
    """Return one answer of each, a millisecond apart."""
    return [given_by(person, task, answer, at + timedelta(milliseconds=n)) for n, person in enumerate(people)]


def test_batch_gives_places_and_the_reserve_in_the_order_of_arrival(
    task: Task, people: list[Volunteer], at: datetime
) -> None:
    arriving = list(reversed(people))

    assert outcomes(in_turn(arriving, task, "accept", at)) == ["accepted", "accepted", "reserve", "reserve"]

    assert list(statuses(task).values()) == ["reserve", "reserve", "accepted", "accepted"]
    task.refresh_from_db()
    assert task.accepted == 2
    times = dict(Assignment.objects.filter(task=task).values_list("volunteer_id", "answered_at"))
    assert [times[person.pk] for person in arriving] == [at + timedelta(milliseconds=n) for n in range(4)]


def test_batch_tells_each_person_once_the_issuers_once_and_everybody_that_it_is_full(
    task: Task, people: list[Volunteer], published: Published, at: datetime
) -> None:
    before = len(published())

    services.answer_offers(in_turn(people, task, "accept", at))

    told = published()[before:]
    types = [(topic, type) for topic, type, _ in told]
    assert [topic for topic, type in types if type == "assignment.changed"] == sorted(
        person.topic for person in people
    )
    assert [type for _, type in types if type != "assignment.changed"] == ["task.progressed", "task.filled"]
    ((_, _, progressed),) = [line for line in told if line[1] == "task.progressed"]
    assert progressed["task"]["accepted"] == 2
    assert [line["status"] for line in progressed["changed"]] == ["accepted"] * 2 + ["reserve"] * 2
    assert sorted(Entry.objects.filter(subject=task.topic).values_list("act", "by")[2:]) == sorted(
        (f"assignment.{status}", person.user.pk) for person, status in statuses(task).items()
    )


def test_refusal_harms_no_other_answer(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], commander: User, stranger: User, at: datetime
) -> None:
    over, open = make_task(), make_task()
    ask(over)
    ask(open)
    services.cancel_task(task_id=over.pk, reason="", by=commander, at=at)
    person = people[0]

    taken = outcomes(
        [
            given_by(person, over, "accept", at),
            given_by(stranger.volunteer, open, "accept", at),
            given_by(person, open, "accept", at),
            given_by(person, uuid7(), "accept", at),
            given_by(people[1], open, "accept", open.answer_by),
        ]
    )

    assert taken == ["task-over", "not-found", "accepted", "not-found", "offer-expired"]
    assert list(statuses(open).values()) == ["accepted", "offered", "offered", "offered"]


def test_batch_over_several_tasks_takes_each_for_its_own(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], stranger: User, at: datetime
) -> None:
    one, two = make_task(headcount=1), make_task(headcount=1)
    ask(one)
    ask(two)
    first, second = people[:2]

    taken = outcomes(
        [
            given_by(first, two, "accept", at),
            given_by(stranger.volunteer, one, "accept", at),
            given_by(second, one, "accept", at),
            given_by(first, one, "accept", at),
            given_by(second, two, "accept", one.answer_by),
        ]
    )

    assert taken == ["accepted", "not-found", "accepted", "reserve", "offer-expired"]
    assert Event.objects.filter(type="task.filled").count() == 2


def test_same_answer_twice_in_a_batch_is_one_answer(
    task: Task, people: list[Volunteer], published: Published, at: datetime
) -> None:
    person = people[0]

    assert outcomes(in_turn([person, person], task, "accept", at)) == ["accepted", "accepted"]

    assert [type for _, type, _ in published(person.topic)] == ["assignment.changed"]
    assert Assignment.objects.get(task=task, volunteer=person).answered_at == at
    assert Entry.objects.filter(act="assignment.accepted").count() == 1


def test_place_given_back_in_a_batch_goes_to_the_earliest_reserve_of_all(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], at: datetime
) -> None:
    task = make_task(headcount=1)
    ask(task)
    holder, early, late, last = people
    services.answer_offers(in_turn([holder, late], task, "accept", at + timedelta(seconds=1)))

    taken = outcomes(
        [
            given_by(last, task, "accept", at + timedelta(seconds=3)),
            given_by(early, task, "accept", at),  # arrived elsewhere, before the others
            given_by(holder, task, "decline", at + timedelta(seconds=4)),
            given_by(early, task, "decline", at + timedelta(seconds=5)),
            given_by(early, task, "accept", at + timedelta(seconds=6)),
            given_by(late, task, "decline", at + timedelta(seconds=7)),
        ]
    )

    assert taken == ["accepted", "reserve", "declined", "reserve", "reserve", "declined"]
    assert statuses(task) == {holder: "declined", early: "reserve", late: "declined", last: "accepted"}
    task.refresh_from_db()
    assert task.accepted == 1


def test_reserve_without_an_account_is_passed_over_in_a_batch(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], at: datetime
) -> None:
    task = make_task(headcount=1)
    ask(task)
    holder, gone, waiting, _ = people
    services.answer_offers(in_turn([holder, gone], task, "accept", at))
    User.objects.filter(volunteer=gone).update(is_active=False)
    gone.user.refresh_from_db()

    services.answer_offers(
        [
            given_by(gone, task, "accept", at + timedelta(seconds=1)),
            given_by(waiting, task, "accept", at + timedelta(seconds=2)),
            given_by(holder, task, "decline", at + timedelta(seconds=3)),
        ]
    )

    assert list(statuses(task).values()) == ["declined", "reserve", "accepted", "offered"]


def test_those_who_give_back_in_a_batch_are_off_the_map_unless_on_duty(
    task: Task, people: list[Volunteer], at: datetime
) -> None:
    leaving = people[:2]
    services.answer_offers(in_turn(leaving, task, "accept", at))
    for person in leaving:
        LatestPosition.objects.create(
            person=person.number, scope="0001", at=at, received_at=at, lon=119.89, lat=29.45
        )
    Volunteer.objects.filter(pk=leaving[0].pk).update(duty_since=None, duty_until=None)

    services.answer_offers(in_turn(leaving, task, "decline", at + timedelta(seconds=1)))

    scopes = dict(LatestPosition.objects.values_list("person", "scope"))
    assert scopes == {leaving[0].number: "", leaving[1].number: "0001"}


def test_progress_comes_at_most_twice_a_second_and_ends_right(
    task: Task, people: list[Volunteer], published: Published, reply: Reply, at: datetime
) -> None:
    start = at + timedelta(seconds=10)
    called = len(published(task.topic))
    for n, person in enumerate(people[:3]):
        reply(task, person, "accept", at=start + timedelta(milliseconds=100 * n))
    assert len(published(task.topic)) == called + 1

    assert due.announce_progress(at=start + timedelta(milliseconds=499)) == 0
    assert due.announce_progress(at=start + timedelta(milliseconds=500)) == 1
    assert due.announce_progress(at=start + timedelta(seconds=5)) == 0

    *_, (_, type, progressed) = published(task.topic)
    assert (type, progressed["changed"]) == ("task.progressed", [])
    task.refresh_from_db()
    assert progressed["task"] == queries.task_out(task).model_dump(mode="json")


def test_answer_after_untold_ones_tells_the_issuers_to_read_the_list(
    task: Task, people: list[Volunteer], published: Published, reply: Reply, at: datetime
) -> None:
    """The clock is away: the next answer brings the news, without lines that would hide the untold ones."""
    for n, person in enumerate(people[:3]):
        reply(task, person, "accept", at=at + timedelta(milliseconds=n * 400))

    *_, (_, _, progressed) = published(task.topic)
    assert (progressed["task"]["accepted"], progressed["changed"]) == (2, [])
    assert due.announce_progress(at=at + timedelta(hours=1)) == 0


def test_many_lines_are_not_sent(
    make_task: MakeTask,
    ask: Ask,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    crowd = [make_volunteer(formation.squadron_a) for _ in range(MAX_LINES + 1)]
    task = make_task(headcount=100)
    ask(task)

    services.answer_offers(in_turn(crowd, task, "accept", at))

    *_, (_, _, progressed) = published(task.topic)
    assert (progressed["task"]["accepted"], progressed["changed"]) == (MAX_LINES + 1, [])


def statements(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


AskedCrowd = tuple[list[Volunteer], Task, Task]


@pytest.fixture
def asked_crowd(
    make_task: MakeTask, ask: Ask, make_volunteer: MakeVolunteer, formation: Formation
) -> AskedCrowd:
    """Ask sixty people twice, for two places each; only on PostgreSQL, where a batch is a few statements."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    crowd = [make_volunteer(formation.squadron_a) for _ in range(60)]
    small, large = make_task(headcount=2), make_task(headcount=2)
    ask(small)
    ask(large)
    return crowd, small, large


def test_statements_of_a_batch_do_not_grow_with_it(asked_crowd: AskedCrowd, at: datetime) -> None:
    """On SQLite each topic is a statement of its own: a file in the same process."""
    crowd, small, large = asked_crowd
    few = statements(lambda: services.answer_offers(in_turn(crowd[:3], small, "accept", at)))
    many = statements(lambda: services.answer_offers(in_turn(crowd, large, "accept", at)))
    few_back = statements(lambda: services.answer_offers(in_turn(crowd[:3], small, "decline", at)))
    many_back = statements(lambda: services.answer_offers(in_turn(crowd, large, "decline", at)))

    assert many == few <= 16
    assert many_back == few_back <= 16


def test_statements_of_a_batch_of_commands_do_not_grow_with_it(asked_crowd: AskedCrowd, at: datetime) -> None:
    crowd, small, large = asked_crowd

    def commands(people: Sequence[Volunteer], task: Task) -> list[Sent]:
        body = {"task": str(task.pk), "answer": "accept"}
        frames = [CommandFrame(type="assignment.answer", id=1, key=uuid7(), body=body) for _ in people]
        holders = [Principal(person.number, person.user_id, uuid7(), None) for person in people]
        return [Sent(holder, frame, at) for holder, frame in zip(holders, frames, strict=True)]

    few = statements(lambda: run_commands(commands(crowd[:3], small)))
    many = statements(lambda: run_commands(commands(crowd, large)))

    assert many == few <= 22
    assert Counter(statuses(large).values()) == {"accepted": 2, "reserve": 58}


def state(task: Task) -> tuple[int, list[tuple[Any, ...]]]:
    rows = Assignment.objects.filter(task=task).order_by("pk")
    task.refresh_from_db()
    return task.accepted, list(rows.values_list("status", "answered_at", "eta_at", "reason"))


def test_any_answers_in_any_batches_end_as_one_by_one(
    make_task: MakeTask, ask: Ask, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    crowd = [make_volunteer(formation.squadron_a) for _ in range(6)]
    task = make_task(headcount=2)
    ask(task)

    def played(batches: Sequence[Sequence[Answer]]) -> Any:
        with block_of_test():
            for batch in batches:
                services.answer_offers(batch)
            reached = state(task)
            transaction.set_rollback(True)
        return reached

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        acts=st.lists(
            st.tuples(st.integers(0, 5), st.sampled_from(["accept", "accept", "decline"])), max_size=16
        ),
        cuts=st.sets(st.integers(1, 15)),
    )
    def check(acts: list[tuple[int, Act]], cuts: set[int]) -> None:
        answers = [
            Answer(
                task.pk,
                AnswerIn(answer=answer, eta_min=n, reason=str(n)),
                crowd[who].user,
                at + timedelta(seconds=n),
            )
            for n, (who, answer) in enumerate(acts)
        ]
        ends = [0, *sorted(cut for cut in cuts if cut < len(answers)), len(answers)]
        batches = [answers[start:end] for start, end in pairwise(ends)]

        assert played(batches) == played([[one] for one in answers])

    check()
