"""A membership of a partner's unit is a volunteer's or an employee's: said by its leader, counted apart."""

from collections.abc import Callable
from datetime import datetime

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.partners.services import set_employment
from backend.privacy.queries import export_of
from backend.volunteers.models import Membership
from tests.conftest import Formation, Published, SignedInClient
from tests.partners.conftest import Team

ClientOf = Callable[[User], SignedInClient]


def address(team: Team, number: str = "") -> str:
    member = number or f"{team.members[0].number:08d}"
    return f"/api/v1/units/{team.unit.number}/members/{member}/employment"


def test_members_are_volunteers_until_their_leader_says_otherwise(
    team: Team, client_of: ClientOf, published: Published, at: datetime
) -> None:
    client = client_of(team.head.user)
    member = team.members[0]
    assert not Membership.objects.filter(is_employee=True).exists()

    answer = client.put(address(team), {"employee": True}, format="json")

    assert (answer.status_code, answer.json()["is_employee"]) == (200, True)
    assert published(member.topic, "employment.changed") == [
        (member.topic, "employment.changed", {"unit": team.unit.number, "employee": True})
    ]
    rows = client.get(f"/api/v1/units/{team.unit.number}/roster").json()["items"]
    assert {row["name"]: row["is_employee"] for row in rows}[member.name]
    assert sum(row["is_employee"] for row in rows) == 1
    assert client_of(member.user).get("/api/v1/me").json()["memberships"][0]["is_employee"]
    exported = export_of(member.user, at=at)["memberships"]
    assert isinstance(exported, list)
    assert [row["is_employee"] for row in exported if isinstance(row, dict)] == [True]


def test_the_head_count_says_both_apart(team: Team, chief: User, client_of: ClientOf, at: datetime) -> None:
    set_employment(
        unit=team.unit, number=f"{team.members[0].number:08d}", employee=True, by=team.head.user, at=at
    )

    shown = client_of(chief).get(f"/api/v1/units/{team.unit.number}/sharing").json()

    assert (shown["members"], shown["employees"]) == (3, 1)


def test_the_same_again_changes_nothing_and_it_can_be_taken_back(
    team: Team, at: datetime, published: Published
) -> None:
    number = f"{team.members[0].number:08d}"
    for employee in (True, True, False, False):
        set_employment(unit=team.unit, number=number, employee=employee, by=team.head.user, at=at)

    assert [data["employee"] for _, _, data in published(type="employment.changed")] == [True, False]
    assert Entry.objects.filter(act="employment.changed").count() == 2


@pytest.mark.parametrize("who", ["chief", "commander", "sibling_leader", "stranger", "member", "other"])
def test_no_other_says_it(team: Team, client_of: ClientOf, who: str, request: pytest.FixtureRequest) -> None:
    people = {"member": team.members[0], "other": team.members[1]}
    user: User = people[who].user if who in people else request.getfixturevalue(who)

    assert client_of(user).put(address(team), {"employee": True}, format="json").status_code == 404
    assert not Membership.objects.filter(is_employee=True).exists()


def test_who_is_no_member_and_who_does_not_exist_are_answered_alike(
    team: Team, volunteer: User, client_of: ClientOf
) -> None:
    client = client_of(team.head.user)
    answers = [
        client.put(address(team, number), {"employee": True}, format="json")
        for number in (f"{volunteer.volunteer.number:08d}", "10000005")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_a_squadron_has_volunteers_alone(
    leader: User, volunteer: User, formation: Formation, client_of: ClientOf
) -> None:
    member = f"{volunteer.volunteer.number:08d}"
    address = f"/api/v1/units/{formation.squadron_a.number}/members/{member}/employment"

    assert client_of(leader).put(address, {"employee": True}, format="json").status_code == 404
