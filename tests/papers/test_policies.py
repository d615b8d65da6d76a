"""A collective policy insures as many people as it has places, or those on its list, and not after its end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pydantic
import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import Invalid, NotFound
from backend.papers.models import Line, Occasion, Policy, Sheet
from backend.papers.schemas import PolicyIn
from backend.papers.services.occasions import close_occasion
from backend.papers.services.policies import end_policy
from backend.papers.services.refusals import (
    NoInsuredPlace,
    OccasionOver,
    PaperOfOneself,
    PolicyIdTaken,
    PolicyOver,
    SheetIdTaken,
)
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, Race, SignedInClient
from tests.papers.conftest import Desks, MakeOccasion, numbers

Crowd = Callable[[int], list[Volunteer]]
ClientOf = Callable[[User], SignedInClient]
pytestmark = pytest.mark.django_db


def test_places_that_are_used_up_refuse_all_of_a_request(desks: Desks, desk: User, crowd: Crowd) -> None:
    people = crowd(4)
    policy = desks.policy(places=3)
    desks.insure(desk, people[:2], policy)

    with pytest.raises(NoInsuredPlace) as refused:
        desks.insure(desk, people[2:], policy)

    assert refused.value.members == {"left": 1}
    assert policy.lines.count() == 2
    desks.insure(desk, people[:3], policy)  # two of them are on it already
    assert policy.lines.count() == 3


def test_a_policy_without_places_insures_those_on_its_list(desks: Desks, desk: User, crowd: Crowd) -> None:
    people = crowd(3)
    policy = desks.policy(places=None)
    desks.insure(desk, people[:2], policy)

    assert set(policy.lines.values_list("volunteer", flat=True)) == {people[0].pk, people[1].pk}


@pytest.mark.postgres
def test_the_last_place_goes_to_exactly_one(race: Race, desks: Desks, desk: User, crowd: Crowd) -> None:
    people = crowd(5)
    policy = desks.policy(places=3)
    desks.insure(desk, people[:2], policy)

    results = race(*(lambda one=one: desks.insure(desk, [one], policy) for one in people[2:]))

    assert sorted(type(one).__name__ for one in results) == ["NoInsuredPlace", "NoInsuredPlace", "Sheet"]
    assert policy.lines.count() == 3


@pytest.mark.postgres
def test_two_requests_with_one_id_are_one_sheet(race: Race, desks: Desks, desk: User, crowd: Crowd) -> None:
    people, id = crowd(2), str(uuid7())
    policy = desks.policy(places=2)

    first, second = race(*[lambda: desks.insure(desk, people, policy, id=id)] * 2)

    assert first == second
    assert (Sheet.objects.count(), Line.objects.count()) == (1, 2)
    assert Entry.objects.filter(act="papers.entered").count() == 1


@pytest.mark.parametrize("over", ["closed", "ended", "run out"])
def test_a_policy_that_is_over_insures_no_more(
    over: str, desks: Desks, desk: User, crowd: Crowd, commander: User, at: datetime
) -> None:
    policy = desks.policy(until_at=at + timedelta(seconds=1))
    match over:
        case "closed":
            close_occasion(occasion_id=desks.occasion.pk, by=commander, at=at)
        case "ended":
            for _ in range(2):
                end_policy(policy_id=policy.pk, by=commander, at=at)
            assert Entry.objects.filter(act="policy.ended").count() == 1
        case "run out":
            desks.at = at + timedelta(seconds=1)

    with pytest.raises(PolicyOver):
        desks.insure(desk, crowd(1), policy)
    assert not Line.objects.exists()


def test_a_retry_is_the_same_sheet_and_other_content_is_refused(
    desks: Desks, desk: User, crowd: Crowd, commander: User, at: datetime
) -> None:
    one, other = crowd(2)
    policy, id = desks.policy(), str(uuid7())
    first = desks.insure(desk, [one], policy, id=id)
    close_occasion(occasion_id=desks.occasion.pk, by=commander, at=at)

    assert desks.insure(desk, [one], policy, id=id) == first  # what was done is told, also afterwards
    for wrong in (
        lambda: desks.insure(desk, [other], policy, id=id),
        lambda: desks.insure(commander, [one], policy, id=id),
    ):
        with pytest.raises(SheetIdTaken):
            wrong()
    assert Line.objects.count() == 1


def test_unknown_and_repeated_numbers_are_named_and_no_desk_enters_its_holder(
    desks: Desks, desk: User, crowd: Crowd
) -> None:
    (one,) = crowd(1)
    policy, good = desks.policy(), numbers([one])[0]
    for people, pointers in (
        (["12345678", good], ["/people/0"]),
        ([good, "10000005"], ["/people/1"]),
        ([good, good], ["/people/1"]),
    ):
        with pytest.raises(Invalid) as refused:
            desks.insure(desk, [], policy, people=people)
        assert [error["pointer"] for error in refused.value.errors] == pointers
    with pytest.raises(PaperOfOneself):
        desks.insure(desk, [one, desk.volunteer], policy)
    assert not Line.objects.exists()


def test_strangers_and_neighbours_find_no_policy(
    desks: Desks,
    make_occasion: MakeOccasion,
    formation: Formation,
    stranger: User,
    sibling_leader: User,
    crowd: Crowd,
    client_of: ClientOf,
    commander: User,
    at: datetime,
) -> None:
    policy = Desks(make_occasion(formation.squadron_a), commander, at).policy()
    body = {"id": str(uuid7()), "people": numbers(crowd(1))}
    for user in (stranger, sibling_leader):
        client = client_of(user)
        answers = [
            client.get(f"/api/v1/policies/{policy.pk}"),
            client.post(f"/api/v1/policies/{policy.pk}/end"),
            client.post(f"/api/v1/policies/{policy.pk}/people", body, format="json"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 3


def test_a_desk_insures_in_its_own_occasion_alone(
    desks: Desks, desk: User, make_occasion: MakeOccasion, crowd: Crowd, commander: User, at: datetime
) -> None:
    other = Desks(make_occasion(), commander, at).policy()
    of_unit = desks.policy(occasion=None)
    for policy in (other, of_unit):
        with pytest.raises(NotFound):
            desks.insure(desk, crowd(1), policy)


def test_a_policy_is_noted_once_for_a_running_occasion_of_its_unit(
    desks: Desks, make_occasion: MakeOccasion, formation: Formation, commander: User, at: datetime
) -> None:
    id = str(uuid7())
    policy = desks.policy(id=id)
    assert desks.policy(id=id) == policy
    with pytest.raises(PolicyIdTaken):
        desks.policy(id=id, places=None)
    with pytest.raises(NotFound):
        desks.policy(occasion=str(make_occasion(formation.brigade).pk))
    with pytest.raises(Invalid):
        desks.policy(occasion=None, from_at=at - timedelta(days=2), until_at=at - timedelta(days=1))
    close_occasion(occasion_id=desks.occasion.pk, by=commander, at=at)
    with pytest.raises(OccasionOver):
        desks.policy()
    assert Policy.objects.count() == Entry.objects.filter(act="policy.recorded").count() == 1


@pytest.mark.parametrize(
    "changes", [{"until_at": 367}, {"until_at": 0}, {"places": 0}, {"places": 100_001}, {"insurer": ""}]
)
def test_a_policy_is_bounded(changes: dict[str, Any], occasion: Occasion, at: datetime) -> None:
    days = changes.pop("until_at", 366)
    good = {"id": str(uuid7()), "unit": "0726040125", "insurer": "人保", "number": "1", "from_at": at}

    with pytest.raises(pydantic.ValidationError):
        PolicyIn.model_validate(good | {"until_at": at + timedelta(days=days)} | changes)
