"""Answers that a leader notes as a volunteer said them, and by which way every answer came."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.audit.models import Entry
from backend.dispatch import queries, services, topics
from backend.dispatch.models import Assignment, Task
from backend.dispatch.own_data import assignments_of
from backend.dispatch.schemas import AnswerIn, NotedAnswerIn
from backend.lib.errors import Invalid, NotAllowed, NotFound
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.dispatch.conftest import Ask, MakeTask, Reply

LATER = timedelta(minutes=2)
NOTICE = {"way": "read_out"}


class Note(Protocol):
    """Notes, as the leader of squadron A and two minutes later, what a volunteer said; returns the part."""

    def __call__(
        self, task: Task, person: Volunteer, answer: str = "accept", **changes: Any
    ) -> Assignment: ...


@pytest.fixture
def note(leader: User, at: datetime) -> Note:
    def noted(
        task: Task,
        person: Volunteer,
        answer: str = "accept",
        *,
        by: User | None = None,
        at: datetime = at + LATER,
        **changes: Any,
    ) -> Assignment:
        said = {"answer": answer, "how": "phone", "said_at": at, **changes}
        return services.note_answer(
            task_id=task.pk,
            volunteer=person.number,
            wanted=NotedAnswerIn.model_validate(said),
            by=by or leader,
            at=at,
        )

    return noted


@pytest.fixture
def task(make_task: MakeTask, ask: Ask, people: list[Volunteer]) -> Task:
    """Return a task with two places that four people have been asked for."""
    made = make_task(headcount=2)
    ask(made)
    return made


@pytest.fixture
def rescue(make_task: MakeTask, ask: Ask, people: list[Volunteer]) -> Task:
    """Return dangerous service for which four people have been asked."""
    made = make_task(category="rescue", headcount=4)
    ask(made)
    return made


def sign_in(person: Volunteer, at: datetime) -> None:
    """Give them a phone that is signed in."""
    Device.objects.create(
        id=uuid7(), user=person.user, platform="android", created_at=at, last_seen_at=at, refresh_id="r"
    )


def test_a_noted_yes_takes_a_place_and_says_who_noted_it(
    task: Task, people: list[Volunteer], note: Note, leader: User, published: Published, at: datetime
) -> None:
    person = people[0]

    part = note(task, person, eta_min=10, reason="Comes by bicycle")

    assert (part.status, part.way, part.noted_by, part.answered_at) == (
        *("accepted", "word", leader),
        at + LATER,
    )
    task.refresh_from_db()
    assert task.accepted == 1
    told = published(person.topic)[-1][2]["assignment"]
    assert (told["status"], told["way"], told["noted_by"]) == (
        *("accepted", "word"),
        f"{leader.volunteer.number:08d}",
    )
    entry = Entry.objects.get(act="assignment.noted")
    assert (entry.by, entry.post) == (leader, f"leader@{number_of_unit(task, person)}")
    assert entry.details["volunteer"] == f"volunteer.{person.pk}"
    assert (entry.details["status"], entry.details["how"]) == ("accepted", "phone")
    assert not Entry.objects.filter(act="assignment.accepted").exists()
    (line,) = (
        one
        for one in queries.recipients(task, at=at + LATER).items
        if one.volunteer == f"{person.number:08d}"
    )
    assert (line.way, line.noted_by, line.not_reached) == ("word", f"{leader.volunteer.number:08d}", False)
    (mine,) = assignments_of(person)
    assert (mine["way"], mine["noted_by__volunteer__number"]) == ("word", leader.volunteer.number)


def number_of_unit(task: Task, person: Volunteer) -> str:
    """Return the number of the unit in which a person was asked."""
    return Assignment.objects.select_related("unit").get(task=task, volunteer=person).unit.number


def test_a_noted_yes_locates_no_person_until_it_is_their_own(
    task: Task, people: list[Volunteer], note: Note, at: datetime
) -> None:
    person, numbers = people[0], [people[0].number]
    starts = task.starts_at

    note(task, person)
    assert topics.taking_part(numbers, starts) == {}
    assert topics.took_part(numbers, starts - timedelta(hours=12), starts + timedelta(days=1)) == {}

    own = services.answer_offer(
        task_id=task.pk, answer=AnswerIn(answer="accept"), by=person.user, at=starts - timedelta(minutes=5)
    )
    assert (own.status, own.way, own.noted_by, own.answered_at) == ("accepted", "device", None, at + LATER)
    assert topics.taking_part(numbers, starts)[person.number].since == starts - timedelta(minutes=5)
    (window,) = topics.took_part(numbers, starts - timedelta(hours=12), starts)[person.number]
    assert window.since == starts - timedelta(minutes=5)
    task.refresh_from_db()
    assert task.accepted == 1  # the same place, not a second one
    assert Entry.objects.get(act="assignment.accepted").by == person.user


def test_ones_own_answer_outranks_a_word_and_no_word_outranks_it(
    task: Task, people: list[Volunteer], note: Note, reply: Reply, at: datetime
) -> None:
    person, other, third, _ = people
    note(task, person)
    assert reply(task, person, "decline", at=at + 2 * LATER) == "declined"
    with pytest.raises(services.OwnAnswerStands):
        note(task, person, at=at + 3 * LATER)

    assert reply(task, other, "accept") == "accepted"
    with pytest.raises(services.OwnAnswerStands):
        note(task, other, "decline")
    assert note(task, other, "accept").noted_by is None  # the same: nothing changes

    note(task, third, "decline")
    assert reply(task, third, "accept", at=at + 3 * LATER) == "accepted"


def test_one_who_moved_up_from_the_reserve_by_their_own_answer_is_left_alone(
    task: Task, people: list[Volunteer], note: Note, reply: Reply, at: datetime
) -> None:
    first, _, reserve, _ = people
    assert [reply(task, person, "accept") for person in people[:3]] == ["accepted", "accepted", "reserve"]
    reply(task, first, "decline", at=at + LATER)
    assert Assignment.objects.get(task=task, volunteer=reserve).status == "accepted"

    with pytest.raises(services.OwnAnswerStands):
        note(task, reserve, "decline", at=at + 2 * LATER)


def test_a_noted_reserve_keeps_its_turn_when_it_becomes_their_own(
    task: Task, people: list[Volunteer], note: Note, reply: Reply, at: datetime
) -> None:
    first, second, noted, late = people
    reply(task, first, "accept"), reply(task, second, "accept")
    assert note(task, noted).status == "reserve"
    assert reply(task, late, "accept", at=at + 2 * LATER) == "reserve"
    assert reply(task, noted, "accept", at=at + 3 * LATER) == "reserve"

    reply(task, first, "decline", at=at + 4 * LATER)

    assert Assignment.objects.get(task=task, volunteer=noted).status == "accepted"
    since = topics.taking_part([noted.number], task.starts_at)[noted.number].since
    assert since >= at + 3 * LATER


def test_a_word_is_changed_by_another_word(
    task: Task, people: list[Volunteer], note: Note, commander: User, at: datetime
) -> None:
    person = people[0]
    note(task, person)
    part = note(task, person, "decline", by=commander, at=at + 2 * LATER)
    assert (part.status, part.noted_by) == ("declined", commander)
    task.refresh_from_db()
    assert task.accepted == 0


def test_dangerous_service_needs_the_notice_by_this_way_too(
    rescue: Task, people: list[Volunteer], note: Note, at: datetime
) -> None:
    person = people[0]
    with pytest.raises(services.RiskNotAcknowledged):
        note(rescue, person)

    part = note(rescue, person, notice={**NOTICE, "at": at + timedelta(minutes=1)})

    assert (part.notice, part.risk_acknowledged_at) == ("read_out", at + timedelta(minutes=1))
    with pytest.raises(
        services.RiskNotAcknowledged
    ):  # what the leader read out is not what the volunteer has read
        services.answer_offer(
            task_id=rescue.pk, answer=AnswerIn(answer="accept"), by=person.user, at=at + 2 * LATER
        )
    own = services.answer_offer(
        task_id=rescue.pk,
        answer=AnswerIn(answer="accept", risk_acknowledged=True),
        by=person.user,
        at=at + 2 * LATER,
    )
    assert (own.notice, own.risk_acknowledged_at) == ("shown", at + 2 * LATER)


def test_papers_are_asked_for_by_this_way_too(
    make_task: MakeTask,
    ask: Ask,
    note: Note,
    people: list[Volunteer],
    at: datetime,
) -> None:
    rescue = make_task(category="rescue", headcount=1)
    ask(rescue)
    people[0].credentials.all().delete()
    with pytest.raises(services.CredentialsMissing):
        note(rescue, people[0], notice={**NOTICE, "at": at + LATER})


def test_no_leader_accepts_for_a_minor_nor_for_a_volunteer_with_a_phone(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    people: list[Volunteer],
    note: Note,
    at: datetime,
) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False)
    task = make_task(headcount=4)
    ask(task)
    sign_in(people[0], at)

    with pytest.raises(services.MinorAnswers):
        note(task, minor)
    with pytest.raises(services.AnswersByDevice):
        note(task, people[0])
    assert note(task, minor, "decline").status == "declined"
    assert note(task, people[0], "decline").status == "declined"


def test_no_leader_notes_an_answer_of_their_own(
    make_task: MakeTask, ask: Ask, leader: User, note: Note, formation: Formation, at: datetime
) -> None:
    task = make_task(headcount=2)
    Volunteer.objects.filter(user=leader).update(duty_since=at, duty_until=at + timedelta(hours=8))
    ask(task)
    assert Assignment.objects.filter(task=task, volunteer__user=leader).exists()
    with pytest.raises(NotAllowed):
        note(task, leader.volunteer)


def test_only_issuers_and_leaders_of_the_unit_note_answers(
    task: Task,
    people: list[Volunteer],
    note: Note,
    commander: User,
    sibling_leader: User,
    outsider: User,
    make_volunteer: MakeVolunteer,
) -> None:
    for stranger in (sibling_leader, outsider, people[1].user):
        with pytest.raises(NotFound):
            note(task, people[0], by=stranger)
    with pytest.raises(NotFound):
        note(task, make_volunteer(None))  # was not asked
    assert note(task, people[0], by=commander).status == "accepted"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (timedelta(seconds=-61), None),
        (LATER + timedelta(seconds=61), None),
        (LATER, timedelta(seconds=-61)),
        (timedelta(minutes=1), LATER),
    ],
    ids=["before the offer", "in the future", "notice before the offer", "notice after the answer"],
)
def test_moments_that_cannot_be_are_refused(
    task: Task, people: list[Volunteer], note: Note, at: datetime, said: timedelta, told: timedelta | None
) -> None:
    notice: dict[str, Any] = {"notice": {**NOTICE, "at": at + told}} if told is not None else {}
    with pytest.raises(Invalid):
        note(task, people[0], said_at=at + said, **notice)
    assert not Assignment.objects.exclude(status="offered").exists()


def test_the_door_is_safe_to_repeat(
    task: Task, people: list[Volunteer], leader: User, client_of: Callable[[User], APIClient], at: datetime
) -> None:
    path = f"/api/v1/tasks/{task.pk}/recipients/{people[0].number:08d}/answer"
    body = {"answer": "accept", "how": "in_person", "said_at": at.isoformat(), "eta_min": 5}
    client = client_of(leader)

    first = client.put(path, body, format="json", headers={"Idempotency-Key": str(uuid7())})
    again = client.put(path, body, format="json", headers={"Idempotency-Key": str(uuid7())})

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["way"]) == ("accepted", "word")
    assert client.put(path, {**body, "how": "dream"}, format="json").status_code == 422
    assert Entry.objects.filter(act="assignment.noted").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_word_and_ones_own_no_at_once_end_with_ones_own(
    race: Race, task: Task, people: list[Volunteer], note: Note, at: datetime
) -> None:
    person = people[0]
    decline = AnswerIn(answer="decline")

    race(
        lambda: note(task, person),
        lambda: services.answer_offer(task_id=task.pk, answer=decline, by=person.user, at=at + LATER),
    )

    part = Assignment.objects.get(task=task, volunteer=person)
    assert (part.status, part.noted_by) == ("declined", None)
    task.refresh_from_db()
    assert task.accepted == 0
