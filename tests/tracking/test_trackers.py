"""OwnTracks, OsmAnd and Traccar Client report for one person, in their own units, and can do nothing else."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.datum import wgs84_to_gcj02
from backend.privacy.services.retention import keep_to_limits
from backend.tracking.models import Fix, LatestPosition, Tracker, TrackerDay, WhyNotStored, hash_of_secret
from backend.tracking.queries.trackers import trackers_of
from backend.tracking.schemas.positions import FixIn
from backend.tracking.schemas.trackers import TrackerIn, TrackerOut
from backend.tracking.services.trackers import (
    GOOD_FOR,
    MOST,
    TooManyTrackers,
    make_tracker,
    report_by_tracker,
    revoke_tracker,
)
from tests.conftest import SignedInClient
from tests.flows.test_hostile import BAD_BODIES

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
Report = Callable[[str], Any]


def secret_of(user: User, at: datetime, **wanted: Any) -> str:
    return make_tracker(wanted=TrackerIn(**wanted), by=user, at=at).secret


def own_tracks(secret: str, body: Json | bytes | None = None, **changes: Any) -> Any:
    location = {"_type": "location", "tst": int(datetime.now(UTC).timestamp()), "lat": 29.45, "lon": 119.89}
    content = body if isinstance(body, bytes) else json.dumps(body or {**location, "tid": "JJ", **changes})
    packed = base64.b64encode(f"jane:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {packed}"}
    address = "/api/v1/trackers/owntracks"
    return APIClient().post(address, content, content_type="application/json", headers=headers)


def osmand(secret: str, *, method: str = "GET", **changes: Any) -> Any:
    now = int(datetime.now(UTC).timestamp())
    query = urlencode({"id": secret, "lat": 29.45, "lon": 119.89, "timestamp": now, **changes})
    return APIClient().generic(method, f"/api/v1/trackers/osmand?{query}")


def osmand_form(secret: str) -> Any:
    form = urlencode({"deviceid": secret, "lat": 29.45, "lon": 119.89})
    return APIClient().post("/api/v1/trackers/osmand", form, content_type="application/x-www-form-urlencoded")


def traccar(secret: str, *, battery: Json | None = None, **coords: Any) -> Any:
    body = {
        "location": {
            "timestamp": datetime.now(UTC).isoformat(),
            "coords": {"latitude": 29.45, "longitude": 119.89, "heading": 0, **coords},
            "battery": battery or {"level": 0.71, "is_charging": False},
            "extras": {},
        },
        "device_id": secret,
    }
    return APIClient().post("/api/v1/trackers/osmand", json.dumps(body), content_type="application/json")


APPS: dict[str, Report] = {
    "owntracks": own_tracks,
    "osmand": osmand,
    "osmand by POST": lambda secret: osmand(secret, method="POST"),
    "osmand by a form": osmand_form,
    "traccar": traccar,
}
app = pytest.mark.parametrize("report", APPS.values(), ids=APPS.keys())


@app
def test_a_tracker_reports_for_its_person(report: Report, volunteer: User, at: datetime) -> None:
    answer = report(secret_of(volunteer, at))

    assert answer.status_code == 200
    row = LatestPosition.objects.get()
    assert (row.person, row.lon, row.lat) == (volunteer.volunteer.number, 119.89, 29.45)
    assert Tracker.objects.get().last_seen_at is not None


@app
def test_a_fix_outside_duty_is_taken_off_the_app_and_leaves_no_row(
    report: Report, leader: User, at: datetime
) -> None:
    """Any other answer would keep it in the app's queue, before all that follow."""
    assert report(secret_of(leader, at)).status_code == 200
    assert not Fix.objects.exists()


@app
@pytest.mark.parametrize("why", ["unknown", "empty", "expired", "revoked", "a closed account"])
def test_a_secret_that_is_not_good_is_refused(
    report: Report, why: str, volunteer: User, at: datetime
) -> None:
    secret = secret_of(volunteer, at - GOOD_FOR if why == "expired" else at)
    if why == "revoked":
        revoke_tracker(tracker_id=Tracker.objects.get().pk, by=volunteer, at=at)
    if why == "a closed account":
        User.objects.update(is_active=False)
    answer = report({"unknown": secret[:-1] + "~", "empty": ""}.get(why, secret))

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")
    assert not Fix.objects.exists()


@pytest.mark.parametrize(
    ("report", "metres_a_second"),
    [
        (lambda secret: own_tracks(secret, vel=36), 10),
        (lambda secret: osmand(secret, speed=36), 18.52),
        (lambda secret: traccar(secret, speed=36), 36),
    ],
    ids=["OwnTracks: km/h", "OsmAnd: knots", "Traccar Client: m/s"],
)
def test_speed_comes_in_the_units_of_each_app(
    report: Report, metres_a_second: float, volunteer: User, at: datetime
) -> None:
    assert report(secret_of(volunteer, at)).status_code == 200
    assert Fix.objects.get().speed_mps == pytest.approx(metres_a_second)


def test_accuracy_and_battery_come_in_the_units_of_each_app(volunteer: User, at: datetime) -> None:
    secret = secret_of(volunteer, at)
    own_tracks(secret, acc=9, batt=71, tst=int(at.timestamp()) + 1)
    osmand(secret, accuracy=9, batt=71.4, timestamp=(int(at.timestamp()) + 2) * 1_000)
    traccar(secret, accuracy=9)
    assert list(Fix.objects.values_list("accuracy_m", "battery")) == [(9, 71)] * 3


def test_what_an_app_does_not_know_is_left_out(volunteer: User, at: datetime) -> None:
    answer = traccar(secret_of(volunteer, at), battery={"level": -1}, accuracy=-1, speed=-1)
    assert answer.status_code == 200
    row = Fix.objects.get()
    assert (row.accuracy_m, row.battery, row.speed_mps) == (None, None, None)


def test_the_datum_is_that_of_the_tracker(volunteer: User, at: datetime) -> None:
    lon, lat = wgs84_to_gcj02(119.89, 29.45)
    osmand(secret_of(volunteer, at, datum="gcj02"), lon=lon, lat=lat)
    row = Fix.objects.get()
    assert [row.lon, row.lat] == pytest.approx([119.89, 29.45], abs=1e-7)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"[]", {"_type": "lwt", "tst": 1}, {"_type": "transition"}, {"_type": "encrypted"}],
    ids=str,
)
def test_what_else_owntracks_publishes_is_ignored(body: Any, volunteer: User, at: datetime) -> None:
    answer = own_tracks(secret_of(volunteer, at), body)
    assert (answer.status_code, answer.json()) == (200, [])
    assert not Fix.objects.exists()


@app
def test_what_could_not_be_stored_is_counted_by_reason(report: Report, leader: User, at: datetime) -> None:
    secret = secret_of(leader, at)
    for _ in range(3):
        report(secret)
    (tracker,) = trackers_of(leader, at=at)
    told = TrackerOut.of(tracker)

    assert [(line.reason, line.count) for line in told.not_stored] == [("off_duty", 3)]
    assert (told.last_stored_at, told.stores_nothing) == (None, False)


def test_nothing_stored_for_a_day_is_said(leader: User, at: datetime) -> None:
    tracker = Tracker.objects.get(secret_hash=hash_of_secret(secret_of(leader, at - timedelta(days=3))))
    fix = FixIn(at=at, lon=119.89, lat=29.45, datum="wgs84")
    for hours, said in ((1, False), (23, False), (25, True)):
        report_by_tracker(tracker=tracker, told=[fix], at=at - timedelta(days=3) + timedelta(hours=hours))
        tracker.refresh_from_db()
        assert TrackerOut.of(tracker).stores_nothing is said


def test_lines_of_more_than_a_week_ago_are_not_told_and_then_deleted(leader: User, at: datetime) -> None:
    tracker = Tracker.objects.get(secret_hash=hash_of_secret(secret_of(leader, at)))
    for days in (0, 3, 10):
        then = at - timedelta(days=days)
        report_by_tracker(tracker=tracker, told=[WhyNotStored.NO_PLACE], at=then)

    (told,) = [TrackerOut.of(one) for one in trackers_of(leader, at=at)]
    assert [(line.reason, line.count, line.last_at) for line in told.not_stored] == [("no_place", 2, at)]

    keep_to_limits(at=at)
    assert TrackerDay.objects.count() == 2


def test_trackers_are_read_in_two_queries(
    leader: User, at: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(3):
        osmand(secret_of(leader, at), lat="x")
    with django_assert_num_queries(2):
        assert len([TrackerOut.of(one) for one in trackers_of(leader, at=at)]) == 3


def test_moments_are_read_as_seconds_milliseconds_or_text(volunteer: User, at: datetime) -> None:
    secret = secret_of(volunteer, at)
    for offset, timestamp in enumerate(
        (
            int(at.timestamp()),
            int(at.timestamp()) * 1_000 + 1_000,
            (at + timedelta(seconds=2)).isoformat(),
            (at + timedelta(seconds=3)).strftime("%Y-%m-%d %H:%M:%S"),
        )
    ):
        assert osmand(secret, timestamp=timestamp).status_code == 200
        assert Fix.objects.filter(at=at + timedelta(seconds=offset)).exists()


@pytest.mark.parametrize("body", [*BAD_BODIES.values(), b'{"device_id": ' + b"9" * 5_000 + b"}"])
def test_a_body_that_makes_no_sense_stores_nothing(body: bytes, volunteer: User, at: datetime) -> None:
    packed = base64.b64encode(f":{secret_of(volunteer, at)}".encode()).decode()
    client = APIClient(raise_request_exception=False)
    answers = [
        client.post(f"/api/v1/trackers/{name}", body, content_type="application/json", headers=headers)
        for name, headers in (("osmand", {}), ("owntracks", {"Authorization": f"Basic {packed}"}))
    ]
    assert answers[0].status_code in (400, 401, 413)
    assert answers[1].status_code in (200, 413)
    assert not Fix.objects.exists()


# --- one's own ----------------------------------------------------------------------------------------------------


def test_the_secret_is_told_once_and_kept_as_a_hash(
    volunteer: User, client_of: Callable[[User], SignedInClient]
) -> None:
    client = client_of(volunteer)
    made = client.post("/api/v1/me/trackers", {"name": "old phone"}, format="json").json()
    listed = client.get("/api/v1/me/trackers").json()

    secret = made.pop("secret")
    assert listed == [made]
    assert (made["name"], made["datum"]) == ("old phone", "wgs84")
    assert secret not in json.dumps(list(Tracker.objects.values()), default=str)
    assert Entry.objects.filter(act="tracker.made", by=volunteer).count() == 1

    assert client.delete(f"/api/v1/me/trackers/{made['id']}").status_code == 204
    assert client.get("/api/v1/me/trackers").json() == []
    assert osmand(secret).status_code == 401


def test_a_secret_opens_no_other_door(volunteer: User, at: datetime) -> None:
    secret = secret_of(volunteer, at)
    for scheme in (f"Bearer {secret}", "Basic " + base64.b64encode(f"x:{secret}".encode()).decode()):
        for path in ("me", "me/trackers", "tasks"):
            assert APIClient().get(f"/api/v1/{path}", headers={"Authorization": scheme}).status_code == 401


def test_trackers_are_few(volunteer: User, at: datetime) -> None:
    for _ in range(MOST):
        secret_of(volunteer, at)
    with pytest.raises(TooManyTrackers):
        secret_of(volunteer, at)
    Tracker.objects.filter(pk=Tracker.objects.first().pk).update(expires_at=at)  # type: ignore[union-attr]
    secret_of(volunteer, at)
