"""Counts of units: right after every act, cheap to read, and put right when something bypassed them."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from backend.accounts.models import User
from backend.realtime.log import epochs
from backend.volunteers import due, queries, services
from backend.volunteers.models import Membership, Standing, Unit, UnitCount, Volunteer
from backend.volunteers.services.counts import recount, repair_counts
from backend.volunteers.services.duty import max_duty
from backend.volunteers.services.roster import follow_moved_units
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient


def counts(unit: Unit) -> tuple[int, int]:
    found = queries.counts_of(unit)
    return (found.members, found.on_duty)


def test_counts_follow_who_joins_and_who_goes_on_and_off_duty(formation: Formation, at: datetime) -> None:
    joined = services.create_volunteer(
        name="王秀兰", phone=None, units=[formation.squadron_a], by=None, at=at
    )
    assert counts(formation.squadron_a) == counts(formation.headquarters) == (1, 0)

    services.set_duty(on=True, by=joined.user, at=at)
    services.set_duty(on=True, until=at + timedelta(hours=1), by=joined.user, at=at)
    assert counts(formation.squadron_a) == counts(formation.headquarters) == (1, 1)

    services.set_duty(on=False, by=joined.user, at=at)
    services.set_duty(on=False, by=joined.user, at=at)
    assert counts(formation.squadron_a) == counts(formation.headquarters) == (1, 0)


def test_counts_are_of_primary_units_so_that_nobody_is_counted_twice(
    formation: Formation, at: datetime
) -> None:
    units = [formation.squadron_a, formation.squadron_b]
    joined = services.create_volunteer(name="王秀兰", phone=None, units=units, by=None, at=at)

    services.set_duty(on=True, by=joined.user, at=at)

    assert [counts(unit) for unit in units] == [(1, 1), (0, 0)]
    assert counts(formation.brigade) == (1, 1)


def test_duty_that_ended_by_itself_is_counted_until_the_clock_ends_it(
    volunteer: User, outsider: User, formation: Formation, at: datetime
) -> None:
    later = at + max_duty()
    assert counts(formation.detachment) == (2, 2)

    due.end_overlong_duty(at=later)

    assert counts(formation.detachment) == (2, 0)
    assert services.set_duty(on=True, by=volunteer, at=later).on
    assert counts(formation.detachment) == (2, 1)


def test_duty_that_begins_anew_before_the_clock_came_is_counted_once(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    services.set_duty(on=True, by=volunteer, at=at + max_duty())

    assert counts(formation.squadron_a) == (1, 1)


def test_what_bypassed_the_counts_is_put_right_and_logged(
    volunteer: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    recount(at=at)
    retired, closed = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    Volunteer.objects.filter(pk=retired.pk).update(standing=Standing.RETIRED)
    User.objects.filter(pk=closed.user_id).update(is_active=False)
    UnitCount.objects.filter(unit=formation.corps).update(on_duty=F("on_duty") + 7)

    with caplog.at_level(logging.WARNING):
        wrong = due.repair_counts(at=at)

    assert wrong == 2
    assert counts(formation.headquarters) == counts(formation.squadron_a) == (1, 1)
    assert len([line for line in caplog.messages if "counts of unit" in line]) == 2
    assert due.repair_counts(at=at) == 0


def test_repair_takes_in_turn_those_counted_the_longest_ago(formation: Formation, at: datetime) -> None:
    recount(at=at)
    UnitCount.objects.update(members=1)

    repaired = [repair_counts(at=at + timedelta(minutes=turn), limit=3) for turn in range(1, 5)]

    assert repaired == [3, 3, 2, 0]


def test_counts_are_never_below_zero_for_those_who_read(formation: Formation, at: datetime) -> None:
    recount(at=at)
    UnitCount.objects.update(members=-3, on_duty=-1)

    assert counts(formation.headquarters) == (0, 0)


def test_counts_move_with_their_unit(volunteer: User, formation: Formation, at: datetime) -> None:
    Unit.objects.move(
        Unit.objects.get(pk=formation.squadron_a.pk),
        Unit.objects.get(pk=formation.other_brigade.pk),
        "last-child",
    )

    assert follow_moved_units() == 1

    assert counts(formation.brigade) == (0, 0)
    assert counts(formation.other_brigade) == (1, 1)
    moved = Membership.objects.get(volunteer__user=volunteer)
    assert moved.unit_path == Unit.objects.get(pk=formation.squadron_a.pk).path
    assert follow_moved_units() == 0


def test_counts_tell_who_can_be_reached_on_no_device(
    leader: User,
    volunteer: User,
    formation: Formation,
    client_of: Callable[[User], SignedInClient],
    at: datetime,
) -> None:
    def unreachable() -> int:
        return queries.counts_of(formation.headquarters).unreachable

    assert unreachable() == 2
    first, second = client_of(volunteer), client_of(volunteer)
    client_of(leader)
    assert unreachable() == 0
    first.post("/api/v1/sign-out")
    assert unreachable() == 0
    second.post("/api/v1/sign-out")
    assert unreachable() == 1
    assert recount(at=at) == 0


def test_a_device_that_renews_no_more_is_no_channel(
    volunteer: User, formation: Formation, client_of: Callable[[User], SignedInClient], at: datetime
) -> None:
    client_of(volunteer)

    recount(at=at + timedelta(days=364))
    assert queries.counts_of(formation.squadron_a).unreachable == 0
    recount(at=at + timedelta(days=366))

    assert queries.counts_of(formation.squadron_a).unreachable == 1


@pytest.mark.parametrize("people", [1, 30])
def test_going_on_duty_costs_the_same_however_large_the_unit(
    people: int,
    stranger: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    django_assert_max_num_queries: Callable[..., Any],
    at: datetime,
) -> None:
    first, *_ = [make_volunteer(formation.squadron_a, on_duty=False) for _ in range(people)]
    epochs.current()  # read once in a process, by its first act

    with django_assert_max_num_queries(14):
        services.set_duty(on=True, by=first.user, at=at)


@pytest.mark.postgres
def test_counts_are_right_after_many_change_duty_at_once(
    race: Race, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    squadrons = (formation.squadron_a, formation.squadron_b, formation.squadron_c)
    people = [make_volunteer(squadrons[n % 3], on_duty=n < 12) for n in range(24)]
    Volunteer.objects.filter(duty_until__isnull=False).update(duty_until=at)

    def go_on(person: Volunteer) -> Callable[[], Any]:
        return lambda: services.set_duty(on=True, by=person.user, at=at)

    ends = [lambda: due.end_overlong_duty(at=at)] * 2
    repairs = [lambda: recount(at=at)] * 2
    answers = race(*ends, *repairs, *(go_on(person) for person in people))

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    kept = {unit.pk: counts(unit) for unit in squadrons}
    assert recount(at=at) == 0
    assert kept == {unit.pk: counts(unit) for unit in squadrons}
    on = Volunteer.objects.filter(duty_until__isnull=False).count()
    assert counts(formation.headquarters) == (24, on)


@pytest.mark.postgres
def test_a_unit_s_first_two_members_are_both_counted(race: Race, formation: Formation, at: datetime) -> None:
    def join(name: str) -> Callable[[], Volunteer]:
        return lambda: services.create_volunteer(
            name=name, phone=None, units=[formation.squadron_a], by=None, at=at
        )

    assert all(isinstance(made, Volunteer) for made in race(*(join(name) for name in "甲乙丙丁")))

    assert counts(formation.squadron_a) == (4, 0)
