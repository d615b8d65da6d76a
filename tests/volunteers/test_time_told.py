"""Answers over REST tell the time, for phones whose network lets no socket through."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.tokens import read_access
from backend.joining.services.invitations import invite
from backend.volunteers import services
from tests.accounts.second_factors import code_of, set_up, show_code, sign_in
from tests.conftest import PASSWORD, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def accepted(user: User, at: datetime) -> Any:
    (made,) = invite(volunteers=[user.volunteer], by=None, at=at)
    body = {"number": made.number, "code": made.code, "password": "eleven green bicycles"}
    return APIClient().post(
        "/api/v1/sign-in/invitation", body | {"device": {"id": str(uuid7())}}, format="json"
    )


def with_code(user: User, at: datetime) -> Any:
    set_up(user, at)
    device = str(uuid7())
    challenge = sign_in(user, device).json()["second_factor"]["challenge"]
    return show_code(challenge, code_of(user, datetime.now(UTC)), device)


def with_password(user: User, at: datetime) -> Any:
    body = {"identifier": user.phone, "password": PASSWORD, "device": {"id": str(uuid7())}}
    return APIClient().post("/api/v1/sign-in", body, format="json")


def renewed(user: User, at: datetime) -> Any:
    refresh = with_password(user, at).json()["refresh"]
    return APIClient().post("/api/v1/token/refresh", {"refresh": refresh}, format="json")


@pytest.mark.parametrize("sign_in_by", [with_password, renewed, accepted, with_code])
def test_tokens_come_with_the_time_and_how_long_they_are_good(
    volunteer: User, at: datetime, sign_in_by: Callable[[User, datetime], Any]
) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # the wire has milliseconds

    answer = sign_in_by(volunteer, at).json()

    told = datetime.fromisoformat(answer["server_time"])
    assert before <= told <= datetime.now(UTC)
    assert datetime.fromisoformat(answer["access_expires_at"]) - told == timedelta(minutes=15)
    assert answer["access_expires_in_s"] == 900
    assert read_access(answer["access"]).expires_at - told <= timedelta(seconds=900)


def test_catching_up_tells_the_time(volunteer: User, client_of: ClientOf) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    caught_up = client_of(volunteer).post("/api/v1/catch-up", {"cursors": {}}, format="json").json()

    assert before <= datetime.fromisoformat(caught_up["server_time"]) <= datetime.now(UTC)


def test_a_phone_whose_clock_is_off_has_its_positions_taken_without_a_socket(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    """It sets its clock by the answer to its sign-in, as the documents say."""
    services.set_duty(on=True, by=volunteer, at=at)
    off = timedelta(hours=3)
    phone_now = datetime.now(UTC) + off
    client = client_of(volunteer)
    answer = with_password(volunteer, at).json()
    offset = datetime.fromisoformat(answer["server_time"]) - phone_now
    place = {"lon": 119.89, "lat": 29.45, "datum": "wgs84"}

    def report(moment: datetime) -> Any:
        fixes = {"fixes": [{"at": moment.isoformat(), **place}]}
        return client.post("/api/v1/positions", fixes, format="json").json()["results"]

    assert report(phone_now) == ["future"]
    assert report(phone_now + offset) == ["accepted"]
