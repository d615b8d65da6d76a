"""The topic of a task, the inbox, and who is tracked while taking part."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import commands, queries, services, topics
from backend.dispatch.schemas import AnswerCommand
from backend.realtime.registry import Principal, registry, snapshot_of
from backend.tracking.models import LatestPosition
from backend.tracking.windows import Tracked, Window
from backend.volunteers.models import Volunteer
from tests.conftest import Formation
from tests.dispatch.conftest import Ask, MakeTask, Reply


def principal(user: User) -> Principal:
    return Principal(person=user.volunteer.number, user_id=user.pk, session=uuid7(), expires_at=None)


def test_issuers_alone_join_the_topic_of_a_task(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    commander: User,
    leader: User,
    sibling_leader: User,
    volunteer: User,
    stranger: User,
) -> None:
    task = make_task(unit=formation.squadron_a.number)
    ask(task, formation.squadron_a)
    may_join = registry.join_rules["task"].one

    allowed = {
        user: may_join(principal(user), str(task.pk))
        for user in (commander, leader, sibling_leader, volunteer, stranger)
    }

    assert allowed == {
        commander: True,
        leader: True,
        sibling_leader: False,
        volunteer: False,
        stranger: False,
    }


@pytest.mark.parametrize("id", ["", "1", "not-a-uuid", "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_there_is_no_topic_without_a_task(commander: User, id: str) -> None:
    assert topics.may_join_task(principal(commander), id) is False


def test_snapshots_are_what_rest_answers(
    make_task: MakeTask, ask: Ask, volunteer: User, commander: User, at: datetime
) -> None:
    task = make_task()
    ask(task)
    task.refresh_from_db()
    detail = queries.task_details([task])[0].model_dump(mode="json")
    inbox = queries.inbox_of(volunteer.volunteer.number, at=at)

    assert snapshot_of(principal(commander), task.topic) == {"task": detail}
    assert len(inbox.items) == 1
    assert snapshot_of(principal(volunteer), volunteer.volunteer.topic)["offers"] == inbox.model_dump(
        mode="json"
    )


def test_events_of_a_task_lead_from_an_old_snapshot_to_a_fresh_one(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    commander: User,
    published: Any,
    at: datetime,
) -> None:
    task = make_task(headcount=1)
    ask(task)

    def snapshot() -> Any:
        return topics.task(principal(commander), str(task.pk))["task"]

    state = snapshot()
    seen = len(published(task.topic))
    for person, answer in zip(people, ["accept", "accept", "decline"], strict=False):
        reply(task, person, answer)
    reply(task, people[0], "decline")
    services.cancel_task(task_id=task.pk, reason="Rain", by=commander, at=at)

    for _, _, data in published(task.topic)[seen:]:
        state = data["task"]

    assert state == snapshot()


def test_command_answers_like_rest(make_task: MakeTask, ask: Ask, volunteer: User, at: datetime) -> None:
    task = make_task()
    ask(task)

    result = commands.answer_offer(volunteer, AnswerCommand(task=task.pk, answer="accept", eta_min=5), at)

    assert (result.status, result.eta_at) == ("accepted", at + timedelta(minutes=5))
    assert registry.commands["assignment.answer"].run is commands.answer_offer


def test_those_who_accepted_are_tracked_around_the_time_of_the_task(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
) -> None:
    task = make_task(headcount=1)
    ask(task)
    accepted, reserve, declined, _ = people
    for person, answer in ((accepted, "accept"), (reserve, "accept"), (declined, "decline")):
        reply(task, person, answer)
    numbers = [person.number for person in people]
    starts, hours = task.starts_at, timedelta(hours=12)

    since = max(accepted.assignments.get().answered_at or starts, starts - hours)
    waiting = {accepted.number: Tracked(scope=formation.squadron_a.path, since=since)}
    tracked = {accepted.number: Tracked(scope=formation.squadron_a.path, since=since, every_s=10)}
    assert topics.taking_part(numbers, starts - hours) == waiting
    assert topics.taking_part(numbers, starts - timedelta(minutes=31)) == waiting
    assert topics.taking_part(numbers, starts - timedelta(minutes=30)) == tracked
    assert topics.taking_part(numbers, starts + hours - timedelta(microseconds=1)) == tracked
    assert topics.taking_part(numbers, starts - hours - timedelta(microseconds=1)) == {}
    assert topics.taking_part(numbers, starts + hours) == {}
    assert topics.taking_part([reserve.number], starts) == {}
    part = {accepted.number: [Window(since, starts + hours)]}
    assert topics.took_part(numbers, starts, starts + timedelta(days=7)) == part
    assert topics.took_part(numbers, starts + hours, starts + timedelta(days=7)) == {}
    services.close_task(task_id=task.pk, at=task.answer_by)
    assert topics.taking_part(numbers, starts) == tracked
    services.cancel_task(task_id=task.pk, reason="", by=commander, at=starts)
    assert topics.taking_part(numbers, starts) == {}
    assert topics.took_part(numbers, starts, starts) == {}


@pytest.mark.parametrize("how", ["declines", "is cancelled"])
def test_those_who_no_longer_take_part_are_off_the_map_at_once_unless_on_duty(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    people: list[Volunteer],
    commander: User,
    at: datetime,
    how: str,
) -> None:
    task = make_task(headcount=2)
    ask(task)
    for person in people[:2]:
        reply(task, person, "accept")
        LatestPosition.objects.create(
            person=person.number, scope="0001", at=at, received_at=at, lon=119.89, lat=29.45
        )
    off_duty, on_duty = people[:2]
    Volunteer.objects.filter(pk=off_duty.pk).update(duty_since=None, duty_until=None)

    if how == "declines":
        for person in people[:2]:
            reply(task, Volunteer.objects.get(pk=person.pk), "decline")
    else:
        services.cancel_task(task_id=task.pk, reason="", by=commander, at=at)

    scopes = dict(LatestPosition.objects.values_list("person", "scope"))
    assert scopes == {off_duty.number: "", on_duty.number: "0001"}
