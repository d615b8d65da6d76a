"""Occasions are opened by those who manage a unit, and closed and staffed by commanders alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pydantic
import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch.models import Task
from backend.dispatch.services.refusals import TaskIdTaken
from backend.lib.errors import Invalid, NotAllowed, NotFound
from backend.papers.models import Occasion
from backend.papers.queries import occasions_for
from backend.papers.rules import may_attest
from backend.papers.schemas import OccasionIn
from backend.papers.services import occasions as services
from backend.papers.services.occasions import close_occasion, end_desk, name_desk, open_occasion
from backend.papers.services.refusals import OccasionIdTaken, OccasionOver, TooManyDesks
from backend.volunteers.models import Role, Unit
from backend.volunteers.services import appoint
from backend.volunteers.services.units import merge_units
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient
from tests.papers.conftest import Desks, MakeOccasion, MakeRescue

ClientOf = Callable[[User], SignedInClient]
pytestmark = pytest.mark.django_db


def wanted(unit: Unit, at: datetime, **changes: Any) -> dict[str, Any]:
    time = {"from_at": at.isoformat(), "until_at": (at + timedelta(days=7)).isoformat()}
    return {"id": str(uuid7()), "unit": unit.number, "name": "寻人", **time, **changes}


def test_the_leader_opens_an_occasion_of_the_unit_and_again_is_the_same(
    leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    client, body = client_of(leader), wanted(formation.squadron_a, at)

    first = client.post("/api/v1/occasions", body, format="json")
    again = client.post("/api/v1/occasions", body, format="json")
    other = client.post("/api/v1/occasions", body | {"name": "防汛"}, format="json")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert other.json()["type"] == "/problems/occasion-id-taken"
    assert first.json() == again.json()
    assert (first.json()["unit"], first.json()["closed_at"], first.json()["desks"]) == (
        formation.squadron_a.number,
        None,
        [],
    )
    (line,) = Entry.objects.filter(act="occasion.opened")
    assert (line.by, line.subject) == (leader, f"occasion.{body['id']}")
    assert "寻人" not in str(line.details)


@pytest.mark.parametrize(
    "changes",
    [
        {"until_at": timedelta(days=7, seconds=1)},
        {"until_at": timedelta(0)},
        {"name": ""},
        {"id": "0199a5e2-6b1f-4d02-8a6e-2f9c1d3e4b5a"},
    ],
)
def test_an_occasion_is_short_and_has_a_name(
    changes: dict[str, Any], formation: Formation, at: datetime
) -> None:
    longer = {"until_at": (at + changes["until_at"]).isoformat()} if "until_at" in changes else changes
    body = wanted(formation.squadron_a, at) | longer

    with pytest.raises(pydantic.ValidationError):
        OccasionIn.model_validate(body)


def test_an_occasion_that_is_over_is_not_opened(leader: User, formation: Formation, at: datetime) -> None:
    body = wanted(formation.squadron_a, at - timedelta(days=8))

    with pytest.raises(Invalid):
        open_occasion(wanted=OccasionIn.model_validate(body), by=leader, at=at)


def test_a_stranger_and_the_neighbours_leader_find_nothing(
    make_occasion: MakeOccasion,
    formation: Formation,
    stranger: User,
    sibling_leader: User,
    volunteer: User,
    client_of: ClientOf,
    at: datetime,
) -> None:
    occasion = make_occasion(formation.squadron_a)
    for user in (stranger, sibling_leader, volunteer):
        client = client_of(user)
        answers = [
            client.get(f"/api/v1/occasions/{occasion.pk}"),
            client.post(f"/api/v1/occasions/{occasion.pk}/close"),
            client.put(f"/api/v1/occasions/{occasion.pk}/desks/1"),
            client.post("/api/v1/occasions", wanted(formation.squadron_a, at), format="json"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4
        assert client.get("/api/v1/occasions").json() == []


def test_those_around_see_it_and_the_commander_alone_closes_it(
    occasion: Occasion, leader: User, commander: User, client_of: ClientOf
) -> None:
    client = client_of(leader)  # of a squadron below: its tasks may name the occasion

    assert [one["id"] for one in client.get("/api/v1/occasions").json()] == [str(occasion.pk)]
    assert client.get(f"/api/v1/occasions/{occasion.pk}").status_code == 200
    assert client.post(f"/api/v1/occasions/{occasion.pk}/close").status_code == 403
    closed = client_of(commander).post(f"/api/v1/occasions/{occasion.pk}/close").json()["closed_at"]
    again = client_of(commander).post(f"/api/v1/occasions/{occasion.pk}/close")
    assert (again.status_code, again.json()["closed_at"]) == (200, closed)
    assert client.get("/api/v1/occasions").json() == []
    assert Entry.objects.filter(act="occasion.closed").count() == 1


def test_no_task_names_an_occasion_that_was_closed_or_does_not_run_then(
    occasion: Occasion, rescue: MakeRescue, commander: User, at: datetime
) -> None:
    with pytest.raises(OccasionOver):
        rescue(occasion, starts_at=occasion.until_at)
    close_occasion(occasion_id=occasion.pk, by=commander, at=at)
    with pytest.raises(OccasionOver):
        rescue(occasion)


def test_a_task_shows_its_occasion_and_with_another_one_it_is_another_task(
    occasion: Occasion, make_occasion: MakeOccasion, rescue: MakeRescue, commander: User, client_of: ClientOf
) -> None:
    task: Task = rescue(occasion)

    shown = client_of(commander).get(f"/api/v1/tasks/{task.pk}").json()
    assert shown["task"]["occasion"] == str(occasion.pk)
    assert rescue(occasion, id=str(task.pk)) == task
    with pytest.raises(TaskIdTaken):
        rescue(make_occasion(), id=str(task.pk))


def test_a_commander_names_and_ends_a_desk_and_again_changes_nothing(
    occasion: Occasion,
    commander: User,
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    holder = make_volunteer(formation.squadron_c)
    post = appoint(volunteer=holder, unit=formation.squadron_c, role=Role.MEMBER, by=None, at=at)
    ids: Any = {"occasion_id": occasion.pk, "post_id": post.pk, "at": at}
    with pytest.raises(NotAllowed):
        name_desk(**ids, by=leader)
    for _ in range(2):
        name_desk(**ids, by=commander)
    assert may_attest(holder.user, occasion, at)
    assert [one.id for one in occasions_for(holder.user, at=at)] == [occasion.pk]
    for _ in range(2):
        end_desk(**ids, by=commander)

    assert not may_attest(holder.user, occasion, at)
    assert list(
        Entry.objects.filter(act__startswith="occasion.desk").order_by("pk").values_list("act", flat=True)
    ) == [
        "occasion.desk_named",
        "occasion.desk_ended",
    ]


def test_a_desk_whose_post_has_ended_opens_nothing(occasion: Occasion, desk: User, at: datetime) -> None:
    assert may_attest(desk, occasion, at)
    desk.volunteer.posts.update(until_at=at)

    assert not may_attest(desk, occasion, at)
    with pytest.raises(NotFound):
        name_desk(
            occasion_id=occasion.pk, post_id=desk.volunteer.posts.get().pk, by=occasion.opened_by, at=at
        )


def test_a_closed_occasion_and_a_full_one_get_no_further_desk(
    occasion: Occasion, commander: User, leader: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: Any = {
        "occasion_id": occasion.pk,
        "post_id": leader.volunteer.posts.get().pk,
        "by": commander,
        "at": at,
    }
    monkeypatch.setattr(services, "MOST_DESKS", 0)
    with pytest.raises(TooManyDesks):
        name_desk(**ids)
    close_occasion(occasion_id=occasion.pk, by=commander, at=at)
    with pytest.raises(OccasionOver):
        name_desk(**ids)


def test_the_occasions_and_policies_of_a_unit_that_is_merged_go_to_its_successor(
    make_occasion: MakeOccasion, formation: Formation, commander: User, at: datetime
) -> None:
    occasion = make_occasion(formation.squadron_a)
    policy = Desks(occasion, commander, at).policy()

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    occasion.refresh_from_db()
    policy.refresh_from_db()
    assert (occasion.unit, policy.unit) == (formation.squadron_b, formation.squadron_b)


@pytest.mark.postgres
def test_two_requests_with_one_id_open_one_occasion(
    race: Race, leader: User, formation: Formation, at: datetime
) -> None:
    body = wanted(formation.squadron_a, at)
    bodies = [OccasionIn.model_validate(body | {"name": name}) for name in ("一", "二")]

    results = race(*(lambda one=one: open_occasion(wanted=one, by=leader, at=at) for one in bodies))

    assert {type(one) for one in results} == {Occasion, OccasionIdTaken}
    assert Occasion.objects.count() == Entry.objects.filter(act="occasion.opened").count() == 1


def test_occasions_to_come_hide_none_that_runs(
    occasion: Occasion,
    make_occasion: MakeOccasion,
    commander: User,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.papers.queries.OCCASIONS", 1)
    make_occasion(name="later", from_at=at + timedelta(days=30), until_at=at + timedelta(days=31))

    assert [one.id for one in occasions_for(commander, at=at)] == [occasion.pk]


def test_an_occasion_of_the_century_to_come_is_refused(
    formation: Formation, commander: User, client_of: ClientOf, at: datetime
) -> None:
    body = wanted(formation.squadron_a, at) | {
        "from_at": "2199-12-31T20:00:00-10:00",
        "until_at": "2199-12-31T23:00:00-10:00",
    }

    refused = client_of(commander).post("/api/v1/occasions", body, format="json")

    assert refused.status_code == 422
    assert Occasion.objects.count() == 0
    late = body | {
        "from_at": (at + timedelta(days=400)).isoformat(),
        "until_at": (at + timedelta(days=401)).isoformat(),
    }
    far = client_of(commander).post("/api/v1/occasions", late, format="json")
    assert [error["pointer"] for error in far.json()["errors"]] == ["/from_at"]
