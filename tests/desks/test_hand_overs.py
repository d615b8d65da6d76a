"""A desk is handed over with two signatures; who is on it follows from the plan alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.desks.models import HandOver, Shift
from backend.desks.queries import desks as queries
from backend.desks.queries.desks import desk_out, hand_overs_of
from backend.desks.schemas import HandOverIn
from backend.desks.services import hand_overs
from backend.desks.services.hand_overs import (
    HandOverIdTaken,
    HandOverTaken,
    TooManyHandOvers,
    give_hand_over,
    take_hand_over,
)
from backend.lib.errors import NotAllowed, NotFound
from backend.volunteers.models import Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer, Race
from tests.desks.plans import HOUR, once, planned

MATTERS = ["一号桥封路，等通知", "回电给街道"]


@pytest.fixture
def plan(unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime) -> datetime:
    """Have the second follow the first at a moment, which is returned."""
    change = at + 8 * HOUR
    planned(unit, chief, at, first, **once(at, change))
    planned(unit, chief, at, second, **once(change, change + 8 * HOUR))
    return change


def give(unit: Unit, by: Volunteer, at: datetime, **more: Any) -> HandOver:
    body = HandOverIn.model_validate({"id": str(uuid7()), "matters": MATTERS} | more)
    return give_hand_over(unit=unit, wanted=body, by=by.user, at=at).row


def take(unit: Unit, id: UUID, by: Volunteer, at: datetime) -> HandOver:
    return take_hand_over(unit=unit, hand_over_id=id, by=by.user, at=at)


def test_both_sign_and_it_stands_open_until_the_second_has(
    unit: Unit, plan: datetime, first: Volunteer, second: Volunteer
) -> None:
    given = give(unit, first, plan - HOUR)
    open_ones = desk_out(unit, at=plan).open_hand_overs
    taken = take(unit, given.pk, second, plan + HOUR)

    assert [(one.matters, one.given_name, one.taken_at) for one in open_ones] == [(MATTERS, "值班甲", None)]
    assert (taken.given_at, taken.taken_by, taken.taken_at) == (plan - HOUR, second, plan + HOUR)
    assert desk_out(unit, at=plan).open_hand_overs == []
    (shown,) = hand_overs_of(unit)
    assert (shown.given_name, shown.taken_name, shown.matters) == ("值班甲", "值班乙", MATTERS)
    assert [line.act for line in Entry.objects.order_by("pk")][-2:] == ["hand_over.given", "hand_over.taken"]
    assert MATTERS[1] not in str(list(Entry.objects.values_list("details", flat=True)))


def test_who_is_on_the_desk_changes_with_the_plan_whoever_has_signed(
    unit: Unit, plan: datetime, first: Volunteer, second: Volunteer
) -> None:
    def names() -> list[str]:
        shown = [desk_out(unit, at=plan + n * HOUR).now for n in (-1, 0)]
        return [one.name for one in shown if one]

    before = names()
    given = give(unit, first, plan - 2 * HOUR)
    take(unit, given.pk, second, plan - 2 * HOUR)

    assert before == names() == ["值班甲", "值班乙"]


@pytest.mark.parametrize(("hours", "may"), [(-9, False), (-8, True), (0, True), (11, True), (13, False)])
def test_only_who_is_on_the_desk_or_has_just_left_it_gives_it(
    unit: Unit, plan: datetime, first: Volunteer, hours: int, may: bool
) -> None:
    if may:
        assert give(unit, first, plan + hours * HOUR).is_open
        return
    with pytest.raises(NotAllowed if hours < 0 else NotFound):
        give(unit, first, plan + hours * HOUR)
    assert not HandOver.objects.exists()


@pytest.mark.parametrize(("hours", "may"), [(-13, False), (-11, True), (7, True), (9, False)])
def test_only_who_is_on_the_desk_or_comes_soon_takes_it(
    unit: Unit, plan: datetime, first: Volunteer, second: Volunteer, at: datetime, hours: int, may: bool
) -> None:
    one = HandOver.objects.create(pk=uuid7(), unit=unit, given_by=first, given_at=at, matters=[])
    if may:
        assert take(unit, one.pk, second, plan + hours * HOUR).taken_by == second
        return
    with pytest.raises(NotAllowed):
        take(unit, one.pk, second, plan + hours * HOUR)


def test_nobody_takes_over_from_themselves_and_strangers_find_nothing(
    unit: Unit,
    formation: Formation,
    plan: datetime,
    first: Volunteer,
    chief: User,
    leader: User,
    stranger: User,
) -> None:
    given = give(unit, first, plan - HOUR)

    with pytest.raises(NotAllowed):
        take(unit, given.pk, first, plan - HOUR)
    for other in (chief, leader, stranger):  # a leader of the unit is not of the plan by that
        with pytest.raises(NotFound):
            take(unit, given.pk, other.volunteer, plan)
        with pytest.raises(NotFound):
            give(unit, other.volunteer, plan)
    with pytest.raises(NotFound):
        take(unit, uuid7(), first, plan)
    assert HandOver.objects.get().is_open


def test_the_deputy_gives_and_takes_too(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, second, **once(at, at + HOUR))

    given = give(unit, second, at)

    assert take(unit, given.pk, first, at).taken_by == first


def test_again_is_a_retry_and_other_content_or_another_person_is_refused(
    unit: Unit,
    plan: datetime,
    first: Volunteer,
    second: Volunteer,
    chief: User,
    make_volunteer: MakeVolunteer,
) -> None:
    third = make_volunteer(unit)
    planned(unit, chief, plan, third, **once(plan + 8 * HOUR, plan + 9 * HOUR))
    given = give(unit, first, plan - HOUR)
    lines = Entry.objects.count()

    assert give(unit, first, plan, id=str(given.pk)).given_at == plan - HOUR
    for by, matters in ((first, []), (second, MATTERS)):
        with pytest.raises(HandOverIdTaken):
            give(unit, by, plan, id=str(given.pk), matters=matters)
    assert Entry.objects.count() == lines
    take(unit, given.pk, second, plan)
    assert take(unit, given.pk, second, plan + HOUR).taken_at == plan
    with pytest.raises(HandOverTaken):
        take(unit, given.pk, third, plan + HOUR)


@pytest.mark.parametrize("matters", [["x" * 501], [" "], ["x"] * 31, [7], "x", ["a\nb"]])
def test_what_is_written_is_bounded(matters: Any) -> None:
    with pytest.raises(ValueError, match="HandOverIn"):
        HandOverIn.model_validate({"id": str(uuid7()), "matters": matters})


def test_open_hand_overs_are_bounded(
    unit: Unit, plan: datetime, first: Volunteer, second: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_overs, "MOST_OPEN", 1)
    monkeypatch.setattr(queries, "HAND_OVERS", 1)
    one = give(unit, first, plan - HOUR)
    with pytest.raises(TooManyHandOvers):
        give(unit, first, plan - HOUR)

    take(unit, one.pk, second, plan)
    other = give(unit, first, plan)

    assert [shown.id for shown in hand_overs_of(unit)] == [other.pk]


@pytest.mark.postgres
def test_of_two_who_sign_at_the_same_moment_one_has(
    race: Race,
    unit: Unit,
    plan: datetime,
    first: Volunteer,
    second: Volunteer,
    chief: User,
    make_volunteer: MakeVolunteer,
) -> None:
    third = make_volunteer(unit)
    Shift.objects.filter(volunteer=second).update(deputy=third)
    given = give(unit, first, plan - HOUR)

    results = race(*[lambda by=by: take(unit, given.pk, by, plan) for by in (second, third)])

    assert sorted(type(result).__name__ for result in results) == ["HandOver", "HandOverTaken"]
    one = HandOver.objects.get()
    assert one.taken_by_id in (second.pk, third.pk)


def test_over_rest(
    unit: Unit,
    chief: User,
    first: Volunteer,
    second: Volunteer,
    stranger: User,
    client_of: Callable[[User], APIClient],
) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    planned(unit, chief, now, first, **once(now - day, now + HOUR))
    planned(unit, chief, now, second, **once(now + HOUR, now + day))
    giver, taker, address = (
        client_of(first.user),
        client_of(second.user),
        f"/api/v1/units/{unit.number}/desk/hand-overs",
    )
    body = {"id": str(uuid7()), "matters": MATTERS}

    given = giver.post(address, body, format="json")
    again = giver.post(address, body, format="json")
    taken = taker.post(f"{address}/{body['id']}/take")

    assert (given.status_code, again.status_code, taken.status_code) == (201, 200, 200)
    assert given.json() == again.json()
    assert taker.get(address).json() == [taken.json()]
    assert client_of(stranger).get(address).status_code == 404
    assert client_of(stranger).post(f"{address}/{body['id']}/take").status_code == 404
    assert giver.post(f"{address}/{body['id']}/take").status_code == 409
