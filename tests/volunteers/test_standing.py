"""Volunteers are suspended, come back, and retire; what that closes to them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import Invalid, NotFound
from backend.volunteers import due, queries, services, topics
from backend.volunteers.models import Membership, Post, Role, Standing, Volunteer
from backend.volunteers.principals import NOTHING, belongings_of
from backend.volunteers.rules import may_dispatch
from backend.volunteers.services import standing
from backend.volunteers.services.duty import NotInService
from backend.volunteers.services.seats import take_seat
from backend.volunteers.services.standing import AlreadyRetired
from tests.conftest import Formation, MakeVolunteer, Published, Race


def number(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def suspend(user: User, by: User, at: datetime, **more: Any) -> Volunteer:
    return standing.suspend(number=number(user), reason="an inquiry", by=by, at=at, **more)


def test_suspending_ends_duty_and_is_told(
    volunteer: User, leader: User, formation: Formation, published: Published, at: datetime
) -> None:
    suspended = suspend(volunteer, leader, at, until=at + timedelta(days=3))

    assert (suspended.standing, suspended.duty_until) == (Standing.SUSPENDED, None)
    told = published(volunteer.volunteer.topic)
    assert [type for _, type, _ in told] == ["duty.changed", "standing.changed"]
    assert told[1][2]["standing"]["reason"] == "an inquiry"
    line = Entry.objects.get(act="volunteer.suspended")
    assert line.post == f"leader@{formation.squadron_a.number}"
    with pytest.raises(NotInService):
        services.set_duty(on=True, by=volunteer, at=at)
    assert not services.set_duty(on=False, by=volunteer, at=at).on


def test_posts_rest_while_suspended(
    leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    suspend(leader, commander, at)

    assert not may_dispatch(leader, formation.squadron_a, at)
    assert "post:leader" not in belongings_of([leader.pk], at)[leader.pk].tags
    assert queries.me_of(leader, at=at).standing.standing == "suspended"

    standing.reinstate(number=number(leader), by=commander, at=at)
    assert may_dispatch(leader, formation.squadron_a, at)


def test_a_suspension_ends_by_itself(
    volunteer: User, leader: User, published: Published, at: datetime
) -> None:
    until = at + timedelta(days=1)
    suspend(volunteer, leader, at, until=until)

    assert due.end_suspensions(at=until - timedelta(seconds=1)) == 0
    assert due.end_suspensions(at=until) == 1
    volunteer.volunteer.refresh_from_db()
    assert volunteer.volunteer.standing == Standing.ACTIVE
    assert published(type="standing.changed")[-1][2]["standing"]["standing"] == "active"


def test_a_suspension_cannot_end_before_it_begins(volunteer: User, leader: User, at: datetime) -> None:
    with pytest.raises(Invalid):
        suspend(volunteer, leader, at, until=at)


def test_retiring_ends_posts_and_frees_the_seat(
    formation: Formation, make_volunteer: MakeVolunteer, commander: User, at: datetime
) -> None:
    person = make_volunteer(None)
    take_seat(volunteer=person, unit=formation.squadron_a, is_primary=True, at=at)
    services.appoint(volunteer=person, unit=formation.squadron_a, role=Role.LEADER, by=None, at=at)

    standing.retire(number=number(person.user), reason="moved away", by=commander, at=at)

    assert Membership.objects.get(volunteer=person).seat is None
    assert Post.objects.get(volunteer=person).until_at == at
    assert belongings_of([person.user_id], at).get(person.user_id, NOTHING) == NOTHING
    assert not topics.may_join_unit(topics.principal_of_user(person.user), formation.squadron_a.number)
    assert queries.counts_of(formation.squadron_a).members == 0
    with pytest.raises(AlreadyRetired):
        suspend(person.user, commander, at)

    standing.reinstate(number=number(person.user), by=commander, at=at)
    assert Membership.objects.get(volunteer=person).seat == 2
    assert not may_dispatch(person.user, formation.squadron_a, at)


def test_everybody_may_retire_but_nobody_suspends_themselves(leader: User, at: datetime) -> None:
    with pytest.raises(NotFound):
        suspend(leader, leader, at)
    standing.retire(number=number(leader), reason="enough", by=leader, at=at)
    with pytest.raises(NotFound):
        standing.reinstate(number=number(leader), by=leader, at=at)
    leader.volunteer.refresh_from_db()
    assert leader.volunteer.standing == Standing.RETIRED


@pytest.mark.parametrize("who", ["sibling_leader", "outsider", "stranger", "volunteer"])
def test_nobody_else_changes_a_standing(
    leader: User, formation: Formation, request: pytest.FixtureRequest, who: str, at: datetime
) -> None:
    other = request.getfixturevalue(who)

    for act in (standing.reinstate, standing.retire):
        with pytest.raises(NotFound):
            act(number=number(leader), by=other, at=at)
    with pytest.raises(NotFound):
        suspend(leader, other, at)
    with pytest.raises(NotFound):
        standing.retire(number="10000005", by=leader, at=at)


def test_a_deputy_does_not_suspend_the_leader(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    with pytest.raises(NotFound):
        suspend(leader, deputy.user, at)
    assert suspend(deputy.user, leader, at).standing == Standing.SUSPENDED


def test_whoever_is_suspended_still_signs_in_and_sees_themselves(
    volunteer: User, leader: User, client_of: Callable[[User], APIClient], at: datetime
) -> None:
    suspend(volunteer, leader, at)

    client = client_of(volunteer)

    assert client.get("/api/v1/me").json()["standing"]["standing"] == "suspended"
    answer = client.put("/api/v1/me/duty", {"on": True}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-in-service")


def test_going_on_duty_and_being_suspended_at_once_leaves_nobody_on_duty(
    volunteer: User, leader: User, race: Race, at: datetime
) -> None:
    race(
        lambda: suspend(volunteer, leader, at),
        *(lambda: services.set_duty(on=True, by=volunteer, at=at) for _ in range(3)),
    )

    volunteer.volunteer.refresh_from_db()
    assert (volunteer.volunteer.standing, volunteer.volunteer.duty_until) == (Standing.SUSPENDED, None)
