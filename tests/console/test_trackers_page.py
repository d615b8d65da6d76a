"""The page of one's trackers."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from backend.accounts.models import User
from backend.tracking.models import Tracker, WhyNotStored
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker, report_by_tracker, tracker_by_secret
from tests.console.test_my_data import signed_in


@pytest.mark.parametrize("why", WhyNotStored)
def test_page_tells_what_was_not_stored_and_why(why: WhyNotStored, volunteer: User, at: datetime) -> None:
    secret = make_tracker(wanted=TrackerIn(name="old phone"), by=volunteer, at=at).secret
    report_by_tracker(tracker=tracker_by_secret(secret, at=at), told=[why, why], at=at)

    page = signed_in(volunteer).get("/trackers/").content.decode()

    assert "old phone" in page
    assert len(re.findall(r"<li>2 × ", page)) == 1
    assert 'role="alert"' not in page


def test_page_says_loudly_that_nothing_is_stored(volunteer: User, at: datetime) -> None:
    yesterday = at - timedelta(hours=25)
    secret = make_tracker(wanted=TrackerIn(name="old phone"), by=volunteer, at=yesterday).secret
    for then in (yesterday, at):
        report_by_tracker(tracker=tracker_by_secret(secret, at=then), told=[WhyNotStored.TOO_OLD], at=then)

    page = signed_in(volunteer).get("/trackers/").content.decode()

    assert re.search(r'role="alert">“old phone” has reported for a day', page)


def test_a_secret_is_made_shown_once_and_ended(volunteer: User) -> None:
    client = signed_in(volunteer)
    made = client.post("/trackers/", {"name": "old phone", "datum": "wgs84"})
    secret = re.search(r"<p><code>([^<]+)</code></p>", made.content.decode())
    assert (made.status_code, secret is not None) == (201, True)
    assert secret
    assert secret[1] not in client.get("/trackers/").content.decode()
    query = urlencode({"id": secret[1], "lat": 29.45, "lon": 119.89})
    assert Client().get(f"/api/v1/trackers/osmand?{query}").status_code == 200

    client.post(f"/trackers/{Tracker.objects.get().pk}/end/")

    assert Client().get(f"/api/v1/trackers/osmand?{query}").status_code == 401


def test_what_is_wrong_is_said(volunteer: User, leader: User, at: datetime) -> None:
    client = signed_in(volunteer)
    assert client.post("/trackers/", {"name": "x" * 81, "datum": "wgs84"}).status_code == 422
    assert client.post("/trackers/", {"name": "x", "datum": "mars"}).status_code == 422
    others = make_tracker(wanted=TrackerIn(), by=leader, at=at)
    assert client.post(f"/trackers/{others.id}/end/").status_code == 404
    for _ in range(10):
        make_tracker(wanted=TrackerIn(), by=volunteer, at=at)
    assert client.post("/trackers/", {"name": "x", "datum": "wgs84"}).status_code == 409
