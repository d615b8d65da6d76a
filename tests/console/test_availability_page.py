"""The page of one's planned availability."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from backend.accounts.models import User
from backend.volunteers.models import DatedAvailability, WeeklyAvailability
from backend.volunteers.queries.availability import availability_of
from tests.console.test_my_data import signed_in

PAGE = "/availability/"
NIGHT = {"act": "add-hours", "weekday": "6", "start": "21:00", "end": "04:30"}


def weekly(user: User) -> list[tuple[int, str, str]]:
    plan = availability_of(user, at=datetime.now(UTC))
    return [(one.weekday, one.start, one.end) for one in plan.weekly]


def in_days(days: float) -> str:
    """Return a moment as a form sends it."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}"


def test_availability_is_in_everybodys_menu_and_closed_to_strangers(volunteer: User, commander: User) -> None:
    for user in (volunteer, commander):
        shown = signed_in(user).get(PAGE).content.decode()
        assert f'href="{PAGE}" aria-current="page"' in shown
        assert "You plan no hours of the week yet." in shown
    assert Client().get(PAGE).headers["Location"] == f"/sign-in/?next={PAGE}"


def test_hours_past_midnight_are_those_of_two_days(volunteer: User, outsider: User) -> None:
    client = signed_in(volunteer)

    assert client.post(PAGE, NIGHT).status_code == 302

    assert weekly(volunteer) == [(0, "00:00", "04:30"), (6, "21:00", "24:00")]
    assert weekly(outsider) == []
    assert "21:00–24:00" in client.get(PAGE).content.decode()


def test_hours_until_midnight_are_of_one_day_and_are_removed(volunteer: User) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, {**NIGHT, "end": "00:00"})
    client.post(PAGE, {**NIGHT, "weekday": "1", "end": "22:00"})

    removed = {"act": "remove-hours", "weekday": "6", "start": "21:00", "end": "24:00"}
    for _ in range(2):
        assert client.post(PAGE, removed).status_code == 302

    assert weekly(volunteer) == [(1, "21:00", "22:00")]


def test_period_is_by_the_clocks_of_the_unit_and_is_removed(volunteer: User) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, NIGHT)
    begins = in_days(2)
    client.post(PAGE, {"act": "add-period", "from_at": begins, "until_at": in_days(5), "available": "no"})

    (period,) = availability_of(volunteer, at=datetime.now(UTC)).periods
    assert period.from_at == datetime.fromisoformat(f"{begins}+08:00")
    assert not period.available
    assert begins.replace("T", " ") in client.get(PAGE).content.decode()

    client.post(PAGE, {"act": "remove-period", **period.model_dump(mode="json")})
    assert not DatedAvailability.objects.exists()
    assert WeeklyAvailability.objects.count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {**NIGHT, "weekday": "7"},
        {**NIGHT, "start": "25:00"},
        {**NIGHT, "start": ""},
        {**NIGHT, "end": ""},
        {**NIGHT, "end": "x"},
        {**NIGHT, "start": "20:00", "end": "22:00", "weekday": "0"},
        {"act": "add-period"},
        {"act": "add-period", "from_at": "2020-01-01T00:00", "until_at": "2020-01-02T00:00"},
        {"act": "add-period", "from_at": "0001-01-01T00:00", "until_at": "9999-12-31T23:59"},
        {"act": "add-period", "from_at": in_days(4), "until_at": in_days(3)},
        {"act": "add-period", "from_at": in_days(400), "until_at": in_days(401)},
        {"act": "remove-hours", "weekday": "x"},
        {"act": "remove-period", "from_at": "yesterday"},
    ],
)
def test_what_cannot_be_planned_is_told_and_changes_nothing(volunteer: User, sent: dict[str, Any]) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, {"act": "add-hours", "weekday": "0", "start": "19:00", "end": "21:00"})

    answer = client.post(PAGE, sent)

    assert (answer.status_code, 'role="alert" id="problem"' in answer.content.decode()) == (422, True)
    assert weekly(volunteer) == [(0, "19:00", "21:00")]
    assert client.post(PAGE, {"act": "anything"}).status_code == 404


def test_availability_speaks_chinese(volunteer: User) -> None:
    client = signed_in(volunteer)
    client.post(PAGE, NIGHT)
    client.post("/language/", {"language": "zh-hans"})

    shown = client.get(PAGE).content.decode()

    for text in ("我的空闲时间", "星期日", "视为次日凌晨"):
        assert text in shown
