"""A phone that was long without network sends everything at once, and is told of each fix what became of it."""

import gzip
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.tracking.models import Fix, LatestPosition
from backend.volunteers import services
from backend.volunteers.models import Volunteer
from tests.conftest import SignedInClient

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def fix(at: datetime, **changes: Any) -> Json:
    return {"at": at.isoformat(), "lon": 119.9, "lat": 29.4, "datum": "wgs84", **changes}


@pytest.fixture
def client(volunteer: User, client_of: Callable[[User], SignedInClient]) -> SignedInClient:
    Volunteer.objects.update(duty_since=datetime.now(UTC) - timedelta(hours=4))
    return client_of(volunteer)


def post(client: SignedInClient, body: bytes, encoding: str = "gzip") -> Any:
    return client.post(
        "/api/v1/positions", body, content_type="application/json", headers={"Content-Encoding": encoding}
    )


def packed(fixes: list[Any]) -> bytes:
    return gzip.compress(json.dumps({"fixes": fixes}).encode())


def test_ten_thousand_fixes_come_in_one_packed_body(client: SignedInClient) -> None:
    now = datetime.now(UTC)
    fixes = [fix(now - timedelta(seconds=n), lon=119 + n / 1e6, battery=71, acc_m=9.5) for n in range(10_000)]
    assert post(client, packed(fixes)).json() == {"results": ["accepted"] * 10_000}
    assert Fix.objects.count() == 10_000
    assert LatestPosition.objects.get().lon == 119
    assert post(client, packed([*fixes[:2], fix(now + timedelta(seconds=1))])).json() == {
        "results": ["duplicate", "duplicate", "accepted"]
    }


def test_each_fix_is_answered_by_itself(client: SignedInClient) -> None:
    now = datetime.now(UTC)
    fixes = [
        fix(now),
        fix(now),
        fix(now + timedelta(hours=1)),
        fix(now - timedelta(hours=5)),
        fix(now - timedelta(days=8)),
        fix(now, lat=91),
        fix(now, datum="nad27", battery=101),
        "no fix at all",
        fix(now - timedelta(hours=3)),
    ]
    assert post(client, packed(fixes)).json()["results"] == [
        "accepted",
        "duplicate",
        "future",
        "off_duty",
        "too_old",
        "invalid",
        "invalid",
        "invalid",
        "accepted",
    ]
    assert Fix.objects.count() == 2


def test_a_batch_without_any_fix_that_can_be_read_names_what_is_wrong(client: SignedInClient) -> None:
    answer = post(client, packed([fix(datetime.now(UTC), lat=91)]))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/fixes/0/lat")
    assert post(client, packed([fix(datetime.now(UTC))] * 10_001)).status_code == 422


@pytest.mark.parametrize(
    ("body", "encoding", "status", "slug"),
    [
        (packed([])[:-3], "gzip", 400, "malformed"),
        (b'{"fixes": []}', "gzip", 400, "malformed"),
        (packed([]), "br", 400, "malformed"),
        (packed([]), "identity", 400, "malformed"),
        (gzip.compress(b" " * 4_000_001), "gzip", 413, "too-large"),
        (gzip.compress(secrets.token_bytes(1_000_001)), "gzip", 413, "too-large"),
    ],
    ids=[
        "cut",
        "not packed",
        "another encoding",
        "packed in secret",
        "too large unpacked",
        "too large packed",
    ],
)
def test_a_body_that_cannot_be_unpacked_is_a_problem(
    client: SignedInClient, body: bytes, encoding: str, status: int, slug: str
) -> None:
    answer = post(client, body, encoding)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert Fix.objects.count() == 0


# --- what is brought back from a duty that has ended --------------------------------------------------------------


def test_fixes_of_a_duty_that_has_ended_fill_the_track_and_show_nobody(
    client: SignedInClient, volunteer: User
) -> None:
    now = datetime.now(UTC)
    ended = now - timedelta(hours=1)
    services.set_duty(on=False, by=volunteer, at=ended)
    fixes = [fix(ended + timedelta(seconds=1)), fix(ended), fix(now - timedelta(hours=3)), fix(now)]
    assert post(client, packed(fixes)).json()["results"] == ["off_duty", "accepted", "accepted", "off_duty"]
    assert Fix.objects.count() == 2
    assert not LatestPosition.objects.exists()


def test_fixes_of_yesterdays_duty_do_not_move_whoever_is_on_duty_again(
    client: SignedInClient, volunteer: User
) -> None:
    now = datetime.now(UTC)
    services.set_duty(on=False, by=volunteer, at=now - timedelta(hours=2))
    services.set_duty(on=True, by=volunteer, at=now - timedelta(minutes=30))
    between = fix(now - timedelta(hours=1))
    assert post(client, packed([fix(now - timedelta(hours=3)), between])).json()["results"] == [
        "accepted",
        "off_duty",
    ]
    assert not LatestPosition.objects.exists()
    assert post(client, packed([fix(now, lon=118)])).json()["results"] == ["accepted"]
    assert post(client, packed([fix(now - timedelta(hours=3, seconds=9))])).json()["results"] == ["accepted"]
    assert LatestPosition.objects.get().lon == 118


def test_after_a_week_nothing_is_brought_back(client: SignedInClient, volunteer: User) -> None:
    now = datetime.now(UTC)
    Volunteer.objects.update(duty_since=now - timedelta(days=8, hours=2))
    services.set_duty(on=False, by=volunteer, at=now - timedelta(days=6))
    fixes = [fix(now - timedelta(days=7, seconds=-9)), fix(now - timedelta(days=7, seconds=9))]
    assert post(client, packed(fixes)).json()["results"] == ["accepted", "too_old"]


def test_nobody_brings_back_what_is_from_another_persons_duty(
    client: SignedInClient, leader: User, client_of: Callable[[User], SignedInClient]
) -> None:
    answer = post(client_of(leader), packed([fix(datetime.now(UTC) - timedelta(hours=3))]))
    assert answer.json()["results"] == ["off_duty"]
    assert Fix.objects.count() == 0
