"""Volunteers join and are appointed; who may do what with which unit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.accounts.services.phones import PhoneTaken
from backend.lib.errors import Invalid
from backend.volunteers import queries, services
from backend.volunteers.models import Post, Role, Volunteer, adult_if_born_until
from backend.volunteers.rules import may_dispatch, may_see_unit
from tests.conftest import Formation, MakeVolunteer

LEVELS = ("headquarters", "corps", "detachment", "brigade", "squadron_a")


def test_create_volunteer_gives_number_units_and_skills(formation: Formation, at: datetime) -> None:
    made = services.create_volunteer(
        name="李阿姨",
        phone="13900000000",
        units=[formation.squadron_b, formation.squadron_a],
        skills=["patrol", "first-aid"],
        by=None,
        at=at,
    )

    me = queries.me_of(made.user, at=at)
    assert [unit.number for unit in me.units] == [formation.squadron_b.number, formation.squadron_a.number]
    assert me.skills == ["first-aid", "patrol"]
    assert not made.user.has_usable_password()


def test_create_volunteer_refuses_a_phone_twice_and_unknown_skills(db: None, at: datetime) -> None:
    services.create_volunteer(name="甲", phone="13900000000", by=None, at=at)

    with pytest.raises(PhoneTaken):
        services.create_volunteer(name="乙", phone="13900000000", by=None, at=at)
    with pytest.raises(Invalid):
        services.create_volunteer(name="乙", phone=None, skills=["magic"], by=None, at=at)
    assert Volunteer.objects.count() == 1


def test_appoint_replaces_the_leader_and_seats_the_others(
    formation: Formation, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    unit, later = formation.squadron_a, at + timedelta(days=1)
    new, deputy, member = (make_volunteer(unit) for _ in range(3))

    services.appoint(volunteer=new, unit=unit, role=Role.LEADER, by=None, at=later)
    seats = [
        services.appoint(volunteer=person, unit=unit, role=role, by=None, at=later).seat
        for person, role in ((deputy, Role.DEPUTY), (member, Role.MEMBER))
    ]

    assert seats == [2, 3]
    assert Post.objects.get(volunteer=leader.volunteer).until_at == later
    assert not may_dispatch(leader, unit, later)
    assert may_dispatch(new.user, unit, later)
    assert not may_dispatch(member.user, unit, later)


@pytest.mark.parametrize(
    ("who", "dispatches", "sees"),
    [
        ("commander", ("detachment", "brigade", "squadron_a"), LEVELS),
        ("leader", ("squadron_a",), LEVELS),
        ("volunteer", (), LEVELS),
        ("sibling_leader", (), LEVELS[:-1]),
        ("outsider", (), LEVELS[:-2]),
        ("stranger", (), ()),
    ],
)
def test_who_may_dispatch_and_see(
    formation: Formation,
    request: pytest.FixtureRequest,
    at: datetime,
    who: str,
    dispatches: tuple[str, ...],
    sees: tuple[str, ...],
) -> None:
    user = request.getfixturevalue(who)

    assert tuple(name for name in LEVELS if may_dispatch(user, getattr(formation, name), at)) == dispatches
    assert tuple(name for name in LEVELS if may_see_unit(user, getattr(formation, name), at)) == sees


def test_post_counts_only_in_its_time(formation: Formation, stranger: User, at: datetime) -> None:
    until = at + timedelta(hours=1)
    services.appoint(
        volunteer=stranger.volunteer,
        unit=formation.brigade,
        role=Role.DISPATCHER,
        until=until,
        by=None,
        at=at,
    )

    assert not may_dispatch(stranger, formation.squadron_a, at - timedelta(seconds=1))
    assert may_dispatch(stranger, formation.squadron_a, at)
    assert not may_dispatch(stranger, formation.squadron_a, until)


@pytest.mark.parametrize("rows", [1, 3])
def test_children_are_counted_in_three_queries(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    django_assert_num_queries: Callable[..., Any],
    at: datetime,
    rows: int,
) -> None:
    for unit in (formation.squadron_a, formation.squadron_b, formation.squadron_c)[:rows]:
        make_volunteer(unit)
        make_volunteer(unit, on_duty=False)

    with django_assert_num_queries(3):
        counted = queries.counts_of_children(formation.detachment)

    expected = [(2, 1), (0, 0)] if rows == 1 else [(4, 2), (2, 1)]
    assert [(row.members, row.on_duty) for row in counted] == expected


@pytest.mark.parametrize(
    ("born_on", "adult"),
    [(date(2008, 2, 28), True), (date(2008, 3, 1), False), (None, False), (date(1950, 1, 1), True)],
)
def test_adult_from_the_eighteenth_birthday_if_known(born_on: date | None, adult: bool) -> None:
    assert Volunteer(born_on=born_on).is_adult(datetime(2026, 2, 28, 12, tzinfo=UTC)) is adult


def test_adult_on_a_leap_day() -> None:
    assert adult_if_born_until(datetime(2028, 2, 29, tzinfo=UTC)) == date(2010, 2, 28)
