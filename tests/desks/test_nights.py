"""Nights that no person covers are said the day before, once for each night and unit."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.desks.due import forget_desks, tell_uncovered_nights
from backend.desks.models import Desk, HandOver, NightTold, Shift
from backend.desks.services.nights import Night, nights_to_say, tell_night
from backend.privacy.models import RetentionRun
from backend.volunteers.models import Unit, Volunteer
from tests.conftest import Formation, Published, Race
from tests.desks.plans import HOUR, once, planned, weekly
from tests.desks.test_plans import DAY, local

CHINA = ZoneInfo("Asia/Shanghai")


def told(published: Published) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return topic, reason and hours of what was told."""
    return [
        (topic, data["because"], [(hours["from_at"], hours["until_at"]) for hours in data["hours"]])
        for topic, _, data in published(type="desk.uncovered")
    ]


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_leaders_are_told_once_the_day_before(
    unit: Unit, chief: User, first: Volunteer, published: Published
) -> None:
    morning = local(3, 9)
    planned(unit, chief, local(3, 8), first, **once(local(3, 20), local(4, 7)))
    planned(unit, chief, local(3, 8), first, **once(local(4, 22), local(5, 5)))

    assert tell_uncovered_nights(at=morning - timedelta(minutes=1)) == 0
    assert tell_uncovered_nights(at=morning) == 1
    assert [tell_uncovered_nights(at=at) for at in (morning, local(3, 23), local(4, 8))] == [0, 0, 0]

    gaps = [(local(4, 20), local(4, 22)), (local(5, 5), local(5, 7))]
    hours = [(written(a), written(b)) for a, b in gaps]
    assert told(published) == [(chief.volunteer.topic, "night", hours)]
    line = Entry.objects.get(act="desk.gap_told")
    assert (line.by, line.details["minutes"]) == (None, 240)


def test_a_gap_that_opens_later_is_told_until_the_night_begins(
    unit: Unit, chief: User, first: Volunteer, published: Published
) -> None:
    planned(unit, chief, local(3, 8), first, **weekly(1, "19:00", "08:00"))
    assert tell_uncovered_nights(at=local(3, 8)) == 0

    Shift.objects.all().delete()

    assert tell_uncovered_nights(at=local(3, 8)) == 1
    assert NightTold.objects.get().night == local(3, 8).date()


def test_a_night_that_has_begun_is_told_no_more(unit: Unit, chief: User, published: Published) -> None:
    assert [str(night.day) for night in nights_to_say(CHINA, local(3, 20))] == ["2015-03-04"]
    assert [str(night.day) for night in nights_to_say(CHINA, local(3, 19, 59))] == [
        "2015-03-03",
        "2015-03-04",
    ]
    assert [str(night.day) for night in nights_to_say(CHINA, local(3, 8))] == ["2015-03-03"]


def test_each_night_is_told_and_a_suspended_person_covers_none(
    unit: Unit, chief: User, first: Volunteer, published: Published
) -> None:
    for day in range(7):
        planned(unit, chief, local(3, 8), first, **weekly(day, "20:00", "07:00"))
    assert [tell_uncovered_nights(at=local(day, 10)) for day in (3, 4)] == [0, 0]

    Volunteer.objects.filter(pk=first.pk).update(standing="suspended")

    assert [tell_uncovered_nights(at=local(day, 10)) for day in (4, 5, 6)] == [2, 1, 1]


def test_a_unit_without_leaders_has_those_above_told_and_units_without_desks_none(
    formation: Formation, unit: Unit, commander: User, published: Published
) -> None:
    assert tell_uncovered_nights(at=local(3, 8)) == 1

    assert [(topic, because) for topic, because, _ in told(published)] == [
        (commander.volunteer.topic, "night")
    ]


def test_a_retired_unit_is_told_of_nothing(
    formation: Formation, unit: Unit, chief: User, published: Published
) -> None:
    unit.save(update_fields=unit.retire(at=local(3, 8), successor=formation.other_brigade))

    assert tell_uncovered_nights(at=local(3, 10)) == 0


def test_a_night_is_eleven_hours_on_the_wall_in_the_zone_of_the_unit(at: datetime) -> None:
    berlin = Night(date(2015, 3, 28), ZoneInfo("Europe/Berlin"))

    assert (berlin.since, berlin.until) == (
        datetime(2015, 3, 28, 19, tzinfo=UTC),
        datetime(2015, 3, 29, 5, tzinfo=UTC),
    )


def test_many_desks_cost_as_many_queries_as_one(
    formation: Formation, unit: Unit, chief: User, first: Volunteer, django_assert_num_queries: Any
) -> None:
    for day in range(7):
        planned(unit, chief, local(3, 8), first, **weekly(day, "20:00", "07:00"))
    with django_assert_num_queries(7):
        assert tell_uncovered_nights(at=local(3, 10)) == 0
    for other in (formation.corps, formation.detachment):
        Desk.objects.create(unit=other, phone="1", made_at=local(3, 8))
        for shift in Shift.objects.filter(unit=unit):
            shift.pk, shift.unit = uuid7(), other
            shift.save(force_insert=True)
    with django_assert_num_queries(7):
        assert tell_uncovered_nights(at=local(3, 10)) == 0


@pytest.mark.postgres
def test_two_clocks_tell_a_night_once(race: Race, unit: Unit, chief: User, published: Published) -> None:
    night = Night(local(4, 8).date(), CHINA)

    results = race(*[lambda: tell_night(unit=unit, night=night, at=local(3, 10))] * 3)

    assert sorted(results) == [False, False, True]
    assert len(told(published)) == 1


def test_what_is_over_long_ago_is_deleted(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    stays = [
        planned(unit, chief, at, first, **weekly(1, "20:00", "07:00")).pk,
        planned(unit, chief, at, first, **once(at, at + 2 * HOUR)).pk,
    ]
    planned(unit, chief, at, first, **once(at + 3 * HOUR, at + 4 * HOUR))
    planned(unit, chief, at, first, **weekly(2, "08:00", "09:00", "2015-03-01", "2015-03-04"))
    Shift.objects.filter(pk=stays[1]).update(until_at=at + 9 * DAY)
    for days in (0, 300):
        HandOver.objects.create(
            pk=uuid7(),
            unit=unit,
            given_by=first,
            given_at=at - days * DAY,
            matters=[],
        )
    NightTold.objects.create(unit=unit, night=at.date(), at=at)

    count = forget_desks(at=at + 93 * DAY)

    assert count == 3
    assert set(Shift.objects.values_list("pk", flat=True)) == set(stays)
    assert (HandOver.objects.count(), NightTold.objects.count()) == (1, 0)
    assert RetentionRun.objects.get(kind="shifts and hand-overs of desks").deleted == 3
    assert forget_desks(at=at + 93 * DAY) == 0
