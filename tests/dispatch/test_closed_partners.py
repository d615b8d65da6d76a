"""Tasks for people whom a partner keeps to itself: asked like all others, seen once they take part."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Task
from backend.dispatch.queries import progress_of, recipients, to_phone_in
from backend.dispatch.schemas import RecipientState
from backend.dispatch.topics import may_join_tasks, taking_part
from backend.lib.errors import NotFound
from backend.partners.models import Shares
from backend.partners.schemas import SharingIn
from backend.partners.services import choose_sharing
from backend.tracking.duty import on_duty
from backend.tracking.models import LatestPosition
from backend.tracking.queries.nearest import nearest_on_duty
from backend.tracking.queries.watching import watched_scopes
from backend.volunteers.models import LookedAt, Post, Unit, Volunteer
from backend.volunteers.services.standing import suspend
from backend.volunteers.topics import principal_of_user
from tests.conftest import Formation, MakeVolunteer, Published, SignedInClient
from tests.dispatch.conftest import Ask, MakeTask, Reply, receive
from tests.partners.conftest import Team, make_team

ClientOf = Callable[[User], SignedInClient]


@pytest.fixture
def team(formation: Formation, commander: User, make_volunteer: MakeVolunteer, at: datetime) -> Team:
    """Make a partner's team below the brigade."""
    return make_team(formation.brigade, commander, make_volunteer, at)


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    """Make a task of the detachment for two."""
    return make_task()


def listed(task: Task, at: datetime, state: RecipientState | None = None) -> set[int]:
    return {int(line.volunteer) for line in recipients(task, at=at, state=state).items}


def numbers(*people: Volunteer) -> set[int]:
    return {person.number for person in people}


def test_all_are_asked_and_counted_and_none_is_named(
    task: Task, team: Team, volunteer: User, ask: Ask, at: datetime
) -> None:
    call_out = ask(task)

    page = recipients(task, at=at)
    assert call_out.offered == 3
    assert progress_of([task])[task.pk].offered == 3
    assert {int(line.volunteer) for line in page.items} == {volunteer.volunteer.number}
    assert page.kept == 2


def test_a_partner_that_shares_all_is_named_as_every_unit(
    task: Task, team: Team, ask: Ask, at: datetime
) -> None:
    ask(task)
    choose_sharing(unit=team.unit, wanted=SharingIn(shares=Shares.ALL), by=team.head.user, at=at)

    assert listed(task, at) == numbers(*team.members)
    assert recipients(task, at=at).kept == 0


def test_who_accepts_is_seen_until_the_task_is_over(
    task: Task, team: Team, ask: Ask, reply: Reply, at: datetime
) -> None:
    ask(task)
    first, second = team.members
    reply(task, first, "accept")

    assert listed(task, at) == {first.number}
    assert listed(task, task.over_at - timedelta(seconds=1)) >= {first.number}
    assert listed(task, task.over_at) == set()
    reply(task, first, "decline")
    assert listed(task, at) == set()
    assert second.number not in listed(task, at)


def test_who_waits_in_the_reserve_is_seen_too(
    make_task: MakeTask, team: Team, ask: Ask, reply: Reply, at: datetime
) -> None:
    """The task counts on them: they may move up at any time."""
    task = make_task(headcount=1)
    ask(task)
    for person in team.members:
        reply(task, person, "accept")

    assert listed(task, at) == numbers(*team.members)


def test_who_was_not_reached_is_the_leader_s_to_phone_first_and_then_the_issuer_s(
    task: Task, team: Team, ask: Ask, at: datetime
) -> None:
    call_out = ask(task)
    first, second = team.members
    receive(call_out, first, at=at)
    later = at + settings.MUSTER.left_to_partner

    assert [int(one.person.volunteer) for one in to_phone_in(team.unit, at=at)] == [second.number]
    assert listed(task, later - timedelta(seconds=1)) == set()
    assert listed(task, later) == {second.number}
    assert recipients(task, at=later).kept == 1
    phones = {line.phone for line in recipients(task, at=later).items}
    assert phones == {second.user.phone}


@pytest.mark.parametrize("absent", ["none", "suspended"])
def test_without_a_leader_the_issuer_phones_at_once(
    task: Task, team: Team, commander: User, ask: Ask, at: datetime, absent: str
) -> None:
    if absent == "none":
        Post.objects.filter(unit=team.unit).update(until_at=at)
    else:
        suspend(number=f"{team.head.number:08d}", reason="x", by=commander, at=at)

    ask(task)

    assert listed(task, at) == numbers(*team.members)


def test_who_was_not_reached_by_a_cancellation_is_phoned_as_well(
    task: Task, team: Team, commander: User, ask: Ask, reply: Reply, at: datetime
) -> None:
    ask(task)
    reply(task, team.members[0], "accept")
    services.cancel_task(task_id=task.pk, reason="x", by=commander, at=at)
    task.refresh_from_db()

    assert listed(task, at) == set()
    assert team.members[0].number in listed(task, at + settings.MUSTER.left_to_partner)


def test_a_unit_s_list_to_phone_is_for_those_who_dispatch_it(
    task: Task,
    team: Team,
    commander: User,
    sibling_leader: User,
    stranger: User,
    ask: Ask,
    client_of: ClientOf,
) -> None:
    ask(task)
    address = f"/api/v1/units/{team.unit.number}/to-phone"

    for user in (commander, sibling_leader, stranger, team.members[0].user):
        assert client_of(user).get(address).status_code == 404
    shown = client_of(team.head.user).get(address).json()
    assert {one["person"]["name"] for one in shown} == {one.name for one in team.members}
    assert {one["title"] for one in shown} == {task.title}
    assert team.members[0].looks.filter(viewer=team.head.user, what=LookedAt.PHONE).exists()


def test_a_list_to_phone_takes_as_many_queries_for_many(
    task: Task,
    team: Team,
    make_volunteer: MakeVolunteer,
    ask: Ask,
    at: datetime,
    django_assert_num_queries: Callable[..., object],
) -> None:
    for _ in range(5):
        make_volunteer(team.unit)
    ask(task)

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert len(to_phone_in(team.unit, at=at)) == 7


def test_a_task_of_the_partner_itself_shows_its_own_people_to_its_leader_alone(
    make_task: MakeTask, team: Team, commander: User, ask: Ask, at: datetime
) -> None:
    own = make_task(by=team.head.user, unit=team.unit.number)
    ask(own, team.unit, by=team.head.user)

    assert listed(own, at) == numbers(*team.members)
    pairs = [(principal_of_user(user), str(own.pk)) for user in (commander, team.head.user)]
    assert may_join_tasks(pairs) == [False, True]
    with pytest.raises(NotFound):
        services.cancel_task(task_id=own.pk, reason="x", by=commander, at=at)


def test_progress_names_no_volunteer_whom_a_partner_keeps_to_itself(
    task: Task, team: Team, volunteer: User, ask: Ask, reply: Reply, at: datetime, published: Published
) -> None:
    """The line of another is told; of one of theirs only that something has changed, or that they take part."""
    ask(task)
    first, second = team.members
    reply(task, volunteer.volunteer, "decline", at=at + timedelta(seconds=1))
    reply(task, first, "decline", at=at + timedelta(seconds=3))
    reply(task, second, "accept", at=at + timedelta(seconds=5))

    told = [data["changed"] for _, _, data in published(task.topic, "task.progressed")]
    named = [[int(line["volunteer"]) for line in lines] for lines in told]
    assert named[-3:] == [[volunteer.volunteer.number], [], [second.number]]


# --- the map --------------------------------------------------------------------------------------------------------


def scope_on_duty(person: Volunteer, at: datetime) -> str:
    return on_duty([person.number], at)[person.number].scope


def is_watched(user: User, scope: str) -> bool:
    return scope.startswith(tuple(watched_scopes(principal_of_user(user))))


def test_people_on_duty_are_on_the_map_of_their_partner_alone(
    team: Team, commander: User, at: datetime
) -> None:
    scope = scope_on_duty(team.members[0], at)

    assert is_watched(team.head.user, scope)
    assert not is_watched(commander, scope)
    choose_sharing(unit=team.unit, wanted=SharingIn(shares=Shares.ALL), by=team.head.user, at=at)
    scope = scope_on_duty(team.members[0], at)
    assert is_watched(team.head.user, scope)
    assert is_watched(commander, scope)


def test_who_has_accepted_is_on_the_map_of_the_issuers(
    team: Team, commander: User, make_task: MakeTask, ask: Ask, reply: Reply, at: datetime
) -> None:
    task = make_task(
        starts_at=at + timedelta(hours=1), answer_by=at + timedelta(minutes=30), category="patrol"
    )
    ask(task)
    first = team.members[0]
    assert taking_part([first.number], at) == {}
    reply(task, first, "accept")

    found = taking_part([first.number], at + timedelta(minutes=1))

    assert is_watched(commander, found[first.number].scope)


def place(person: Volunteer, unit: Unit, at: datetime) -> None:
    scope = scope_on_duty(person, at)
    LatestPosition.objects.create(
        person=person.number, scope=scope, at=at, received_at=at, lon=unit.lon or 0.0, lat=unit.lat or 0.0
    )


def test_the_nearest_are_those_whom_the_caller_sees(
    team: Team, volunteer: User, formation: Formation, at: datetime
) -> None:
    place(team.members[0], team.unit, at)
    place(volunteer.volunteer, team.unit, at)
    team.unit.refresh_from_db()

    def near(unit: Unit) -> list[int]:
        found = nearest_on_duty(119.89, 29.45, skills=[], within_unit=unit, limit=9, at=at)
        return [one.person.number for one in found]

    assert near(formation.brigade) == [volunteer.volunteer.number]
    assert near(team.unit) == [team.members[0].number]


def test_closing_takes_its_people_off_the_maps_that_showed_them(
    team: Team, formation: Formation, volunteer: User, at: datetime
) -> None:
    choose_sharing(unit=team.unit, wanted=SharingIn(shares=Shares.ALL), by=team.head.user, at=at)
    place(team.members[0], team.unit, at)
    place(volunteer.volunteer, formation.squadron_a, at)

    choose_sharing(unit=team.unit, wanted=SharingIn(shares=Shares.CONTACT), by=team.head.user, at=at)

    shown = LatestPosition.objects.exclude(scope="").values_list("person", flat=True)
    assert list(shown) == [volunteer.volunteer.number]


def test_no_task_is_made_for_the_partner_by_those_above(
    team: Team, commander: User, client_of: ClientOf, make_task: MakeTask
) -> None:
    """They ask in the name of their own unit, and call the partner out."""
    with pytest.raises(NotFound):
        make_task(unit=team.unit.number)
    assert client_of(commander).get(f"/api/v1/tasks?unit={team.unit.number}").status_code == 404
    assert client_of(commander).get(f"/api/v1/units/{uuid4()}/to-phone").status_code == 404
