"""Planned availability: what people say, and what a roster shows of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.volunteers.models import Unit
from backend.volunteers.queries.availability import availability_of, planned
from backend.volunteers.schemas.availability import AvailabilityIn, HoursIn
from backend.volunteers.services.availability import add_to_plan, plan_availability
from tests.conftest import Formation, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
ADDRESS = "/api/v1/me/availability"
MONDAY_EVENING = {"weekday": 0, "start": "19:00", "end": "24:00"}


def plan(user: User, at: datetime, **wanted: Any) -> None:
    plan_availability(wanted=AvailabilityIn.model_validate(wanted), by=user, at=at)


def period(at: datetime, hours: int, until: int, available: bool) -> dict[str, Any]:
    return {
        "from_at": (at + timedelta(hours=hours)).isoformat(),
        "until_at": (at + timedelta(hours=until)).isoformat(),
        "available": available,
    }


def test_a_plan_takes_the_place_of_the_one_before(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    client = client_of(volunteer)
    away = period(at, 24, 48, available=False)
    client.put(ADDRESS, {"weekly": [MONDAY_EVENING], "periods": []}, format="json")

    answer = client.put(ADDRESS, {"periods": [away]}, format="json")

    assert answer.status_code == 200
    assert answer.json() == client.get(ADDRESS).json()
    assert (answer.json()["zone"], answer.json()["weekly"]) == ("Asia/Shanghai", [])
    assert [one["available"] for one in answer.json()["periods"]] == [False]
    assert Entry.objects.filter(act="availability.planned", by=volunteer).count() == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {"weekly": [{"weekday": 7, "start": "19:00", "end": "20:00"}]},
        {"weekly": [{"weekday": 1, "start": "20:00", "end": "19:00"}]},
        {"weekly": [{"weekday": 1, "start": "19:60", "end": "20:00"}]},
        {"weekly": [MONDAY_EVENING, {"weekday": 0, "start": "23:00", "end": "23:30"}]},
        {
            "weekly": [
                {"weekday": n % 7, "start": f"{n // 7:02d}:00", "end": f"{n // 7:02d}:30"} for n in range(43)
            ]
        },
        {
            "periods": [
                {"from_at": "2026-01-02T00:00:00Z", "until_at": "2026-01-01T00:00:00Z", "available": True}
            ]
        },
        {
            "periods": [
                {"from_at": "2020-01-01T00:00:00Z", "until_at": "2020-01-02T00:00:00Z", "available": True}
            ]
        },
        {
            "periods": [
                {"from_at": "2199-01-01T00:00:00Z", "until_at": "2199-01-02T00:00:00Z", "available": True}
            ]
        },
        {"always": True},
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    volunteer: User, client_of: ClientOf, wanted: dict[str, Any]
) -> None:
    client = client_of(volunteer)

    assert client.put(ADDRESS, wanted, format="json").status_code == 422
    assert client.get(ADDRESS).json()["weekly"] == []


def test_periods_that_overlap_are_refused(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    both = [period(at, 0, 24, available=True), period(at, 23, 48, available=False)]

    assert client_of(volunteer).put(ADDRESS, {"periods": both}, format="json").status_code == 422


@pytest.mark.parametrize(
    ("zone", "moment", "available"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 23, 11, 0, tzinfo=UTC), True),  # Monday, 19:00 there
        ("Asia/Shanghai", datetime(2026, 11, 23, 10, 59, tzinfo=UTC), False),
        ("Asia/Shanghai", datetime(2026, 11, 23, 15, 59, tzinfo=UTC), True),
        ("Asia/Shanghai", datetime(2026, 11, 23, 16, 0, tzinfo=UTC), False),
        ("Europe/Berlin", datetime(2026, 11, 23, 18, 0, tzinfo=UTC), True),
        ("Europe/Berlin", datetime(2026, 7, 20, 17, 0, tzinfo=UTC), True),  # summer time
        ("Europe/Berlin", datetime(2026, 7, 20, 16, 59, tzinfo=UTC), False),
    ],
)
def test_hours_are_by_the_clock_of_the_unit(
    volunteer: User, at: datetime, zone: str, moment: datetime, available: bool
) -> None:
    plan(volunteer, at, weekly=[MONDAY_EVENING])
    key = volunteer.volunteer.pk

    assert planned({key: zone}, at=moment) == {key: available}


def test_a_period_counts_before_the_week(volunteer: User, stranger: User, at: datetime) -> None:
    always = [{"weekday": day, "start": "00:00", "end": "24:00"} for day in range(7)]
    plan(volunteer, at, weekly=always, periods=[period(at, 1, 2, available=False)])
    zones = {volunteer.volunteer.pk: "Asia/Shanghai", stranger.volunteer.pk: "Asia/Shanghai"}

    found = [planned(zones, at=at + timedelta(minutes=minutes)) for minutes in (0, 60, 119, 120)]

    key = volunteer.volunteer.pk
    assert found == [{key: True}, {key: False}, {key: False}, {key: True}]


def test_roster_shows_what_people_plan(
    leader: User, volunteer: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    Unit.objects.filter(pk=formation.squadron_a.pk).update(zone="Europe/Berlin")
    plan(volunteer, at, periods=[period(at, -1, 1, available=True)])
    client = client_of(leader)

    rows = client.get(f"/api/v1/units/{formation.squadron_a.number}/roster").json()["items"]

    assert [row["available"] for row in rows] == [None, True]
    assert client_of(volunteer).get(ADDRESS).json()["zone"] == "Europe/Berlin"


@pytest.mark.postgres
def test_what_is_added_at_the_same_moment_is_all_in_the_plan(
    race: Race, volunteer: User, at: datetime
) -> None:
    hours = [HoursIn(weekday=day, start="19:00", end="21:00") for day in range(6)]

    race(*[lambda one=one: add_to_plan(hours=[one], by=volunteer, at=at) for one in hours])

    assert len(availability_of(volunteer, at=at).weekly) == 6
