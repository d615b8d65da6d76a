"""One person acts so often and no more, by whichever door; refused acts and what is no act do not count."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.buckets import Buckets
from backend.realtime import pace
from tests.conftest import PASSWORD
from tests.realtime.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "acts", Buckets(at_once=2, per_s=0.1, clock=lambda: 0.0))


async def test_both_doors_count_together_and_each_person_alone(
    connect: Connect, volunteer: User, leader: User, client_of: Callable[[User], Any]
) -> None:
    socket, client = await connect(volunteer), await sync_to_async(client_of)(volunteer)
    put = sync_to_async(client.put)

    first = await socket.command("duty.set", {"on": True})
    again = [await put("/api/v1/me/duty", {"on": on}, format="json") for on in (False, True)]
    refused = await socket.command("duty.set", {"on": True})
    other = await sync_to_async((await sync_to_async(client_of)(leader)).put)(
        "/api/v1/me/language", {"language": "en"}, format="json"
    )

    assert "result" in first
    assert [answer.status_code for answer in again] == [200, 429]
    assert (again[1].headers["Retry-After"], again[1].headers["RateLimit-Policy"]) == (
        "10",
        '"acts";q=2;w=20',
    )
    assert (refused["problem"]["type"], refused["problem"]["retry_after_s"]) == ("/problems/too-many", 10)
    assert other.status_code == 200
    assert await Entry.objects.filter(act="duty.changed").acount() == 2


def test_refused_acts_and_what_is_no_act_do_not_count(
    volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = client_of(volunteer)

    for _ in range(5):
        assert client.put("/api/v1/me/duty", {"on": "maybe"}, format="json").status_code == 422
        assert client.post("/api/v1/catch-up", {"cursors": {}}, format="json").status_code == 200
        assert client.get("/api/v1/me").status_code == 200
    answers = [
        client.put("/api/v1/me/language", {"language": one}, format="json") for one in ("en", "zh-hans")
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_forms_of_pages_count_too(volunteer: User, client: Client) -> None:
    client.post("/sign-in/", {"identifier": volunteer.volunteer.number, "password": PASSWORD})

    answers = [client.post("/my-data/consents/location", {}) for _ in range(3)]

    assert (answers[1].status_code == 429, answers[2].status_code) == (False, 429)
