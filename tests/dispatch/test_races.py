"""What must hold when many act at the same moment: real threads, real locks."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import due, services
from backend.dispatch.models import Assignment, CallOut, Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, TaskIn
from backend.realtime.models import Event, Topic
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer, Race
from tests.dispatch.conftest import Ask, MakeTask, statuses

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

THREADS = 10


@pytest.fixture
def crowd(race: Race, formation: Formation, make_volunteer: MakeVolunteer) -> list[Volunteer]:
    """Return 200 members of squadron A; asks for `race` first, so that SQLite is spared the work."""
    return [make_volunteer(formation.squadron_a) for _ in range(200)]


def answering(task: Task, person: Volunteer, answer: Any, at: datetime) -> Callable[[], str]:
    body = AnswerIn(answer=answer)
    return lambda: services.answer_offer(task_id=task.pk, answer=body, by=person.user, at=at).status


def crowding(race: Race, acts: list[Callable[[], str]]) -> list[str]:
    """Run many acts from as many threads as the pool has connections to spare; more would only wait in front of it."""
    shares = race(*(lambda share=acts[start::THREADS]: [act() for act in share] for start in range(THREADS)))
    return [str(result) for share in shares for result in share]


def test_200_accepts_for_40_places_leave_40_accepted_and_160_in_reserve(
    race: Race, crowd: list[Volunteer], make_task: MakeTask, ask: Ask, at: datetime
) -> None:
    task = make_task(headcount=40)
    ask(task)

    results = crowding(race, [answering(task, person, "accept", at) for person in crowd])

    assert Counter(results) == {"accepted": 40, "reserve": 160}
    assert Counter(statuses(task).values()) == {"accepted": 40, "reserve": 160}
    task.refresh_from_db()
    assert task.accepted == 40
    assert Event.objects.filter(type="task.filled").count() == 1
    assert due.announce_progress(at=at + timedelta(seconds=1)) == 1
    progressed = list(Event.objects.filter(topic_id=task.topic).order_by("seq").values_list("seq", "data"))
    assert [seq for seq, _ in progressed] == [1, 2, 3]  # called out, the first answer, all the others
    assert progressed[-1][1]["task"]["accepted"] == 40
    assert Topic.objects.get(name=task.topic).head == 3


def test_accepts_mixed_with_declines_leave_the_task_exactly_filled(
    race: Race, crowd: list[Volunteer], make_task: MakeTask, ask: Ask, at: datetime
) -> None:
    task = make_task(headcount=40)
    ask(task)
    early, rest = crowd[:60], crowd[60:]
    for person in early:
        answering(task, person, "accept", at)()
    later = at + timedelta(seconds=1)

    leaving = [answering(task, person, "decline", later) for person in early]
    coming = [answering(task, person, "accept", later) for person in rest]
    mixed = [act for pair in zip(leaving, coming, strict=False) for act in pair]
    results = crowding(race, [*mixed, *coming[60:]])

    assert set(results) <= {"accepted", "reserve", "declined"}
    assert Counter(statuses(task).values()) == {"accepted": 40, "reserve": 100, "declined": 60}
    task.refresh_from_db()
    assert task.accepted == 40


def test_batches_and_single_answers_at_once_over_two_tasks_fill_both_exactly(
    race: Race, crowd: list[Volunteer], make_task: MakeTask, ask: Ask, at: datetime
) -> None:
    tasks = [make_task(headcount=30), make_task(headcount=50)]
    for task in tasks:
        ask(task)
    accept = AnswerIn(answer="accept")
    moments = [at + timedelta(milliseconds=n) for n in range(len(crowd))]

    def batch(order: list[int], *, first: int) -> Callable[[], list[Any]]:
        """Answer both tasks for these people, the tasks in one or the other order."""
        answers = [
            services.Answer(tasks[which].pk, accept, crowd[n].user, moments[n])
            for n in order
            for which in (first, 1 - first)
        ]
        return lambda: services.answer_offers(answers)

    batches = [batch(list(range(n, 160, 6))[:: 1 - 2 * (n % 2)], first=n % 2) for n in range(6)]
    singles = [
        lambda n=n: [
            services.answer_offer(task_id=task.pk, answer=accept, by=crowd[n].user, at=moments[n])
            for task in tasks
        ]
        for n in range(160, 164)
    ]

    results = race(*batches, *singles)

    assert [type(result) for result in results] == [list] * 10
    for task, places in zip(tasks, (30, 50), strict=True):
        task.refresh_from_db()
        assert task.accepted == places
        assert Counter(statuses(task).values()) == {
            "accepted": places,
            "reserve": 164 - places,
            "offered": 36,
        }
    first = Assignment.objects.filter(task=tasks[0], status="reserve").order_by("answered_at").first()
    holder = Assignment.objects.filter(task=tasks[0], status="accepted").select_related("volunteer")[0]
    answering(tasks[0], holder.volunteer, "decline", at + timedelta(seconds=1))()
    assert first is not None
    first.refresh_from_db()
    assert first.status == "accepted"


def test_one_person_with_many_phones_takes_one_place(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    make_task: MakeTask,
    ask: Ask,
    at: datetime,
) -> None:
    person = make_volunteer(formation.squadron_a)
    task = make_task(headcount=10)
    ask(task)

    assert race(*[answering(task, person, "accept", at)] * 20) == ["accepted"] * 20

    task.refresh_from_db()
    assert task.accepted == 1
    assert Event.objects.filter(topic_id=person.topic).count() == 1


def test_retries_of_a_task_at_the_same_moment_make_one_task(
    race: Race, wanted: Callable[..., TaskIn], commander: User, at: datetime
) -> None:
    body = wanted()

    made = race(*[lambda: services.create_task(wanted=body, by=commander, at=at)] * 20)

    assert {task.pk for task in made} == {body.id}
    assert Task.objects.count() == 1


def test_retries_of_a_call_out_at_the_same_moment_ask_once(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    make_task: MakeTask,
    commander: User,
    at: datetime,
) -> None:
    make_volunteer(formation.squadron_a)
    task = make_task()
    wanted = CallOutIn(id=uuid7(), units=[formation.detachment.number])

    sent = race(*[lambda: services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=at)] * 20)

    assert {(row.pk, row.offered) for row in sent} == {(wanted.id, 1)}
    assert (CallOut.objects.count(), Assignment.objects.count()) == (1, 1)
    assert Event.objects.filter(type="task.called").count() == 1


def test_one_id_for_two_tasks_at_the_same_moment_is_one_call_out(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    make_task: MakeTask,
    commander: User,
    at: datetime,
) -> None:
    make_volunteer(formation.squadron_a)
    wanted = CallOutIn(id=uuid7(), units=[formation.detachment.number])
    tasks = [make_task() for _ in range(10)]

    results = race(
        *(
            lambda task=task: services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=at)
            for task in tasks
        )
    )

    assert Counter(type(result).__name__ for result in results) == {"CallOut": 1, "CallOutIdTaken": 9}


def test_many_clocks_close_a_task_once(
    race: Race, formation: Formation, make_volunteer: MakeVolunteer, make_task: MakeTask, ask: Ask
) -> None:
    make_volunteer(formation.squadron_a)
    tasks = [make_task() for _ in range(5)]
    for task in tasks:
        ask(task)

    closed = race(*[lambda: due.close_tasks(at=tasks[0].answer_by)] * 8)

    assert sum(closed) == 5
    assert Event.objects.filter(type="task.closed").count() == 5


def test_answers_and_a_cancellation_at_the_same_moment_leave_nobody_taking_part(
    race: Race,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    make_task: MakeTask,
    ask: Ask,
    commander: User,
    at: datetime,
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(20)]
    task = make_task(headcount=5)
    ask(task)

    def cancel() -> str:
        return services.cancel_task(task_id=task.pk, reason="Rain", by=commander, at=at).status

    results = race(*(answering(task, person, "accept", at) for person in people), cancel)

    assert results[-1] == "cancelled"
    assert {str(result) for result in results[:-1]} <= {"accepted", "reserve", services.TaskOver().detail}
    assert Counter(statuses(task).values()) == {"withdrawn": 20}
