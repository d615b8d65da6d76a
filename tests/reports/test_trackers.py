"""Payloads of tracking apps, as they were reported: one file more in `trackers/` is one test more.

A file holds `what` in words, the `app`, its `parameters` or `body` (or the `raw` bytes), and what to `expect`:
`stored`, or the reason why not. `{secret}` and `{now…}` are filled in, see `moment`.
"""

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.tracking.models import Fix, LatestPosition, Tracker, TrackerDay
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker

pytestmark = pytest.mark.django_db
FILES = sorted((Path(__file__).parent / "trackers").glob("*.json"))
CHINA = timezone(timedelta(hours=8))
PLACEHOLDER = re.compile(r"\{now([+-]\d+)?(?::([^}]*))?\}")


def moment(now: datetime, form: str) -> Any:
    """Return a moment in one of the forms in which apps write it."""
    there, seconds = now.astimezone(CHINA), int(now.timestamp())
    forms: dict[str, Any] = {
        "": str(seconds),
        "int": seconds,
        "text": str(seconds),
        "float": seconds + 0.25,
        "ms": str(seconds * 1_000),
        "msint": seconds * 1_000,
        "us": str(seconds * 10**6),
        "ns": str(seconds * 10**9),
        "exp": f"{seconds / 1e9:.9f}E9",
        "iso": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "iso+0800": there.strftime("%Y-%m-%dT%H:%M:%S+0800"),
        "iso+08:00": there.strftime("%Y-%m-%dT%H:%M:%S+08:00"),
        "iso 0800": there.strftime("%Y-%m-%dT%H:%M:%S 0800"),
        "iso 08:00": there.strftime("%Y-%m-%dT%H:%M:%S 08:00"),
        "space": now.strftime("%Y-%m-%d %H:%M:%S"),
        "space +0800": there.strftime("%Y-%m-%d %H:%M:%S +0800"),
        "slashes": now.strftime("%Y/%m/%d %H:%M:%S"),
        "compact": now.strftime("%Y%m%d%H%M%S"),
        "basic": now.strftime("%Y%m%dT%H%M%SZ"),
        "rfc": format_datetime(now, usegmt=True),
        "minutes": now.strftime("%Y-%m-%dT%H:%MZ"),
    }
    return forms[form]


def filled(given: Any, now: datetime, secret: str) -> Any:
    """Return a part of a file with the secret and the moments filled in."""
    if isinstance(given, dict):
        return {name: filled(one, now, secret) for name, one in given.items()}
    if isinstance(given, list):
        return [filled(one, now, secret) for one in given]
    if not isinstance(given, str):
        return given

    def value(found: re.Match[str]) -> Any:
        return moment(now + timedelta(seconds=int(found[1] or 0)), found[2] or "")

    whole = PLACEHOLDER.fullmatch(given)
    return (
        value(whole) if whole else PLACEHOLDER.sub(lambda m: str(value(m)), given).replace("{secret}", secret)
    )


def send(report: dict[str, Any], secret: str, now: datetime) -> Any:
    """Send a payload as its app does."""
    if report["app"] == "osmand":
        query = urlencode({"id": secret, **filled(report["parameters"], now, secret)})
        return APIClient().get(f"/api/v1/trackers/osmand?{query}")
    body = report.get("raw") or json.dumps(filled(report["body"], now, secret))
    if report["app"] == "traccar":
        return APIClient().post("/api/v1/trackers/osmand", body, content_type="application/json")
    packed = base64.b64encode(f"jane:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {packed}"}
    return APIClient().post(
        "/api/v1/trackers/owntracks", body, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_payload_is_answered_and_stored_or_counted(file: Path, volunteer: User, at: datetime) -> None:
    report = json.loads(file.read_text())
    secret = make_tracker(wanted=TrackerIn(), by=volunteer, at=at).secret
    now = datetime.now(UTC).replace(microsecond=0)

    answer = send(report, secret, now)

    tracker = Tracker.objects.get()
    assert answer.status_code == 200, "any other answer keeps it in the app's queue for ever"
    assert tracker.last_seen_at is not None
    stored = report["expect"] == "stored"
    assert [Fix.objects.count(), LatestPosition.objects.count()] == [int(stored)] * 2
    assert (tracker.last_stored_at is not None) is stored
    counted = [] if stored else [(report["expect"], 1)]
    assert list(TrackerDay.objects.values_list("reason", "count")) == counted
    if stored:
        fix = Fix.objects.get()
        assert abs(fix.at - now) < timedelta(seconds=60)
        assert (fix.lon, fix.lat) == (119.89, 29.45)
