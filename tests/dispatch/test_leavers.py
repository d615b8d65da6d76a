"""Orders to volunteers who leave a unit at the very moment at which it is called out."""

from datetime import datetime, timedelta

import pytest

from backend.accounts.models import User
from backend.dispatch import due, queries
from backend.dispatch.models import Assignment, CallOut
from backend.volunteers.models import Membership, Volunteer
from tests.conftest import Formation, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply

SOON = timedelta(seconds=1)


@pytest.fixture
def left(formation: Formation, people: list[Volunteer]) -> Volunteer:
    return people[0]


def leave(person: Volunteer, formation: Formation) -> None:
    """Let a transfer be there that the call-out has not seen."""
    Membership.objects.filter(volunteer=person).update(unit=formation.squadron_b)


def test_one_who_left_meanwhile_is_told_on_the_topic_of_their_own_once(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    left: Volunteer,
    people: list[Volunteer],
    published: Published,
    at: datetime,
) -> None:
    task = make_task(headcount=2)
    ask(task, formation.squadron_a)
    leave(left, formation)

    assert due.follow_call_outs(at=at + SOON) == 1
    assert due.follow_call_outs(at=at + 2 * SOON) == 0

    ((topic, type, told),) = published(left.topic)
    assert (topic, type, told["task"]["id"]) == (left.topic, "task.called", str(task.pk))
    assert [published(other.topic) for other in people[1:]] == [[], [], []]
    part = Assignment.objects.select_related("told").get(task=task, volunteer=left)
    assert (part.told.topic, part.told.seq) == (left.topic, 1)  # its receipt says whether it has come
    (line,) = (
        one for one in queries.recipients(task, at=at + SOON).items if int(one.volunteer) == left.number
    )
    assert line.not_reached


def test_those_who_stay_or_have_answered_or_heard_are_told_nothing(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    left: Volunteer,
    published: Published,
    commander: User,
    at: datetime,
) -> None:
    task = make_task(headcount=2)
    ask(task, formation.squadron_a)
    reply(task, left, "accept")
    leave(left, formation)
    before = len(published(left.topic))

    assert due.follow_call_outs(at=at + SOON) == 0

    assert len(published(left.topic)) == before
    assert not CallOut.objects.filter(is_followed=False).exists()
