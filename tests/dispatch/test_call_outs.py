"""Who is asked when a task is sent, and how they are told."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pydantic
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import services
from backend.dispatch.models import Assignment, CallOut
from backend.dispatch.schemas import CallOutIn
from backend.dispatch.services import offers
from backend.lib.errors import NotFound
from backend.realtime.models import Event
from backend.volunteers.models import Membership, Role, Unit, Volunteer
from backend.volunteers.services import appoint
from tests.conftest import Formation, MakeVolunteer, Published
from tests.dispatch.conftest import Ask, MakeTask, Reply, audiences, statuses


def asked(call_out: CallOut) -> set[Volunteer]:
    return {
        row.volunteer
        for row in Assignment.objects.filter(through__call_out=call_out).select_related("volunteer")
    }


def test_call_out_asks_the_members_of_the_subtree(
    make_task: MakeTask, ask: Ask, formation: Formation, volunteer: User, outsider: User, at: datetime
) -> None:
    task = make_task()

    sent = ask(task, formation.brigade)

    assert asked(sent) == {volunteer.volunteer}
    row = Assignment.objects.get()
    assert (row.task, row.through.call_out, row.unit, row.status) == (
        task,
        sent,
        formation.squadron_a,
        "offered",
    )
    assert (row.through.unit, row.offered_at, row.answered_at) == (formation.brigade, at, None)
    task.refresh_from_db()
    assert (task.status, sent.offered) == ("called", 1)


def test_call_out_asks_only_those_on_duty_then(
    make_task: MakeTask, ask: Ask, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    on_duty, over = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    make_volunteer(formation.squadron_a, on_duty=False)
    Volunteer.objects.filter(pk=over.pk).update(duty_until=at)

    assert asked(ask(make_task())) == {on_duty}


def test_call_out_asks_only_those_with_an_account(
    make_task: MakeTask, ask: Ask, people: list[Volunteer]
) -> None:
    User.objects.filter(volunteer=people[0]).update(is_active=False)

    assert asked(ask(make_task())) == set(people[1:])


def test_call_out_asks_only_those_with_all_the_skills(
    make_task: MakeTask, ask: Ask, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    able = make_volunteer(formation.squadron_a, skills=["first-aid", "boat", "cook"])
    make_volunteer(formation.squadron_a, skills=["first-aid"])
    make_volunteer(formation.squadron_a)

    assert asked(ask(make_task(requirements=["boat", "first-aid"]))) == {able}


@pytest.fixture
def of_all_ages(formation: Formation, make_volunteer: MakeVolunteer) -> dict[str, Volunteer]:
    """Return an adult, a minor, and somebody whose date of birth nobody knows."""
    people = {
        "adult": make_volunteer(formation.squadron_a),
        "minor": make_volunteer(formation.squadron_a, adult=False),
        "unknown": make_volunteer(formation.squadron_a),
    }
    Volunteer.objects.filter(pk=people["unknown"].pk).update(born_on=None)
    return people


def night(noon: datetime, hour: int, minute: int = 0) -> datetime:
    """Return a moment after noon's day has begun to darken: `hour` in China."""
    return noon.replace(hour=hour, minute=minute) + timedelta(days=1 if hour < 12 else 0)


@pytest.mark.parametrize(
    ("category", "hour", "minute", "who"),
    [
        ("patrol", 12, 0, {"adult", "minor", "unknown"}),
        ("patrol", 21, 59, {"adult", "minor", "unknown"}),
        ("patrol", 22, 0, {"adult"}),
        ("patrol", 0, 0, {"adult"}),
        ("care", 4, 59, {"adult"}),
        ("care", 5, 0, {"adult", "minor", "unknown"}),
        ("rescue", 12, 0, {"adult"}),
    ],
)
def test_call_out_never_asks_minors_for_rescue_or_night_work(
    make_task: MakeTask,
    ask: Ask,
    of_all_ages: dict[str, Volunteer],
    noon: datetime,
    category: str,
    hour: int,
    minute: int,
    who: set[str],
) -> None:
    task = make_task(category=category, starts_at=night(noon, hour, minute))

    assert asked(ask(task)) == {of_all_ages[name] for name in who}


def test_call_out_reads_the_night_from_the_clocks_of_the_unit(
    make_task: MakeTask, ask: Ask, formation: Formation, of_all_ages: dict[str, Volunteer], noon: datetime
) -> None:
    Unit.objects.filter(pk=formation.detachment.pk).update(zone="Asia/Urumqi")

    task = make_task(starts_at=noon.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=23))

    assert asked(ask(task)) == set(of_all_ages.values())  # 21:00 there


def test_call_out_asks_nobody_a_day_before_eighteen(
    make_task: MakeTask, ask: Ask, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    of_age, almost = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    birthday = date(at.year - 18, at.month, min(at.day, 28))
    Volunteer.objects.filter(pk=of_age.pk).update(born_on=birthday)
    Volunteer.objects.filter(pk=almost.pk).update(born_on=birthday + timedelta(days=1 if at.day <= 28 else 4))

    assert asked(ask(make_task(category="rescue"))) == {of_age}


def test_call_out_counts_overlapping_units_once(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], published: Published
) -> None:
    sent = ask(
        make_task(), formation.squadron_a, formation.detachment, formation.brigade, formation.squadron_a
    )

    assert sent.offered == len(people)
    assert [row.unit for row in sent.units.all()] == [formation.detachment]
    assert audiences("task.called") == {formation.detachment.topic: {person.number for person in people}}


def test_call_out_asks_a_member_of_two_units_once_through_the_primary_one(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], outsider: User
) -> None:
    Membership.objects.create(volunteer=outsider.volunteer, unit=formation.squadron_a)
    Membership.objects.create(volunteer=people[0], unit=formation.squadron_c)

    sent = ask(make_task(), formation.squadron_c, formation.squadron_a)

    assert sent.offered == len(people) + 1
    assert audiences("task.called") == {
        formation.squadron_a.topic: {person.number for person in people},
        formation.squadron_c.topic: {outsider.volunteer.number},
    }


def test_call_out_tells_each_unit_once_with_the_task_and_notes_where(
    make_task: MakeTask, ask: Ask, formation: Formation, volunteer: User, outsider: User, published: Published
) -> None:
    task = make_task()

    sent = ask(task, formation.squadron_a, formation.squadron_b, formation.other_brigade)

    called = published(type="task.called")
    assert [topic for topic, _, _ in called] == [formation.squadron_a.topic, formation.other_brigade.topic]
    for _, _, told in called:
        assert (told["call_out"], told["task"]["id"], told["task"]["status"]) == (
            str(sent.pk),
            str(task.pk),
            "called",
        )
    seqs = dict(Event.objects.filter(type="task.called").values_list("topic_id", "seq"))
    rows = {row.topic: row.seq for row in sent.units.all()}
    assert rows == {**seqs, formation.squadron_b.topic: None}
    assert [type for _, type, _ in published(task.topic)] == ["task.progressed"]


def test_call_out_again_with_the_same_id_is_the_same_call_out(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], published: Published
) -> None:
    task, id = make_task(), uuid7()
    first = ask(task, formation.detachment, id=id)
    before = published()

    again = ask(task, formation.squadron_a, formation.detachment, id=id)

    assert (again, again.offered) == (first, len(people))
    assert published() == before


def test_call_out_refuses_the_id_of_another(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer]
) -> None:
    task, id = make_task(), uuid7()
    ask(task, formation.detachment, id=id)

    with pytest.raises(services.CallOutIdTaken):
        ask(task, formation.brigade, id=id)
    with pytest.raises(services.CallOutIdTaken):
        ask(make_task(), formation.detachment, id=id)


def test_second_call_out_asks_only_those_not_asked_yet(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    people: list[Volunteer],
) -> None:
    task = make_task()
    ask(task, formation.squadron_a)
    reply(task, people[0], "decline")
    late = make_volunteer(formation.squadron_a)

    again = ask(task, formation.brigade)

    assert asked(again) == {late}
    assert audiences("task.called")[formation.brigade.topic] == {late.number}
    assert statuses(task)[people[0]] == "declined"


def test_call_out_with_nobody_to_ask_says_why_and_leaves_nothing(
    make_task: MakeTask, ask: Ask, formation: Formation, make_volunteer: MakeVolunteer, published: Published
) -> None:
    make_volunteer(formation.squadron_a, on_duty=False)
    make_volunteer(formation.squadron_a)
    make_volunteer(formation.squadron_a, adult=False, skills=["boat"])
    task = make_task(category="rescue", requirements=["boat"])

    with pytest.raises(services.NobodyToAsk) as refused:
        ask(task)

    assert refused.value.detail == (
        "Nobody in these units can be asked now: 4 members, of them 2 on duty or available then by "
        "plan, 1 with the skills boat, "
        "0 proven to be adults, 0 insured, trained and with an agreement at that time, 0 not asked yet."
    )
    task.refresh_from_db()
    assert (task.status, CallOut.objects.count(), published()) == ("draft", 0, [])


def test_call_out_of_everyone_again_says_that_they_were_asked(
    make_task: MakeTask, ask: Ask, people: list[Volunteer]
) -> None:
    task = make_task()
    ask(task)

    with pytest.raises(
        services.NobodyToAsk,
        match="5 members, of them 4 on duty or available then by plan, 4 of age or with a guardian who agrees, 0 not",
    ):
        ask(task)


def test_call_out_refuses_more_people_than_it_may_reach(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "MAX_ASKED", 3)

    with pytest.raises(services.TooManyToAsk):
        ask(make_task())
    assert not Assignment.objects.exists()


def test_call_out_takes_at_most_200_units(formation: Formation) -> None:
    with pytest.raises(pydantic.ValidationError):
        CallOutIn(id=uuid7(), units=[formation.detachment.number] * 201)
    with pytest.raises(pydantic.ValidationError):
        CallOutIn(id=uuid4(), units=[formation.detachment.number])


def test_call_out_refuses_a_task_that_is_over(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], commander: User, at: datetime
) -> None:
    cancelled, late = make_task(), make_task()
    services.cancel_task(task_id=cancelled.pk, reason="", by=commander, at=at)

    with pytest.raises(services.TaskOver, match="called off"):
        ask(cancelled)
    wanted = CallOutIn(id=uuid7(), units=["07-26-00-000-0"])
    with pytest.raises(services.TaskOver, match="time to answer has passed"):
        services.call_out(task_id=late.pk, wanted=wanted, by=commander, at=late.answer_by)


def test_call_out_refuses_whoever_may_not_direct_the_task(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    people: list[Volunteer],
    leader: User,
    volunteer: User,
    stranger: User,
) -> None:
    task = make_task()
    for by in (leader, volunteer, stranger):
        with pytest.raises(NotFound):
            ask(task, formation.squadron_a, by=by)


def test_call_out_refuses_units_that_one_may_not_dispatch(
    make_task: MakeTask, ask: Ask, formation: Formation, people: list[Volunteer], leader: User
) -> None:
    task = make_task(by=leader, unit=formation.squadron_a.number)

    for unit in (formation.squadron_b, formation.brigade, formation.headquarters):
        with pytest.raises(NotFound):
            ask(task, formation.squadron_a, unit, by=leader)
    assert ask(task, formation.squadron_a, by=leader).offered == len(people)


def test_call_out_refuses_units_and_tasks_that_do_not_exist(
    make_task: MakeTask, commander: User, formation: Formation, at: datetime
) -> None:
    task = make_task()
    for task_id, numbers in ((task.pk, ["0799000000"]), (uuid7(), [formation.detachment.number])):
        with pytest.raises(NotFound):
            services.call_out(
                task_id=task_id, wanted=CallOutIn(id=uuid7(), units=numbers), by=commander, at=at
            )


def test_call_out_takes_the_same_number_of_queries_for_any_number_of_people(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    django_assert_num_queries: Any,
) -> None:
    make_volunteer(formation.squadron_a)
    before, one, many = make_task(), make_task(), make_task()
    ask(before)  # reads what a process reads once
    with CaptureQueriesContext(connection) as first:
        ask(one)
    for _ in range(5):
        make_volunteer(formation.squadron_b)

    with django_assert_num_queries(len(first.captured_queries)):
        ask(many)


def test_call_out_is_recorded(
    make_task: MakeTask, ask: Ask, people: list[Volunteer], commander: User
) -> None:
    task = make_task()
    sent = ask(task)

    entry = Entry.objects.get(act="task.called")
    assert (entry.subject, entry.by) == (task.topic, commander)
    assert entry.details == {"call_out": str(sent.pk), "offered": 4}


def test_call_out_is_recorded_with_the_post_that_allowed_it(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    people: list[Volunteer],
    make_volunteer: MakeVolunteer,
    leader: User,
    at: datetime,
) -> None:
    """The post over the task's unit, and others only where that one does not reach."""
    make_volunteer(formation.squadron_b)
    appoint(volunteer=leader.volunteer, unit=formation.brigade, role=Role.DEPUTY, by=None, at=at)
    squadron, brigade = f"leader@{formation.squadron_a.number}", f"deputy@{formation.brigade.number}"

    for units in ([formation.squadron_a], [formation.squadron_b], [formation.brigade]):
        ask(make_task(by=leader, unit=formation.squadron_a.number), *units, by=leader)

    lines = Entry.objects.filter(act="task.called").order_by("pk").values_list("post", "details__posts")
    assert list(lines) == [(squadron, None), (squadron, [brigade]), (squadron, [brigade])]
    assert set(Entry.objects.filter(act="task.created").values_list("post", flat=True)) == {squadron}


def test_call_out_names_the_post_above_the_task(
    make_task: MakeTask,
    ask: Ask,
    people: list[Volunteer],
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    ask(make_task(unit=formation.squadron_a.number), formation.squadron_a)

    line = Entry.objects.get(act="task.called")
    assert (line.post, "posts" in line.details) == (f"commander@{formation.detachment.number}", False)
