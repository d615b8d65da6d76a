"""Positions are taken only from those on duty, and acknowledged after storing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from backend.lib.datum import wgs84_to_gcj02
from backend.realtime.frames import FixIn
from backend.realtime.models import Fix, LatestPosition
from backend.realtime.positions import Report, forget, store_reports
from backend.volunteers.models import User
from tests.realtime.conftest import Connect


def fix(at: datetime, lon: float = 119.89, lat: float = 29.45, datum: str = "wgs84") -> FixIn:
    return FixIn(at=at, lon=lon, lat=lat, datum=datum, acc_m=9, battery=71)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_fix_of_someone_off_duty_is_refused_and_leaves_no_row(leader: User, at: datetime) -> None:
    assert store_reports([Report(leader.volunteer.number, [fix(at)])], at=at) == [[False]]
    assert (Fix.objects.count(), LatestPosition.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_fix_from_the_future_is_refused(volunteer: User, at: datetime) -> None:
    fixes = [fix(at), fix(at + timedelta(hours=1))]
    assert store_reports([Report(volunteer.volunteer.number, fixes)], at=at) == [[True, False]]


@pytest.mark.django_db
def test_the_latest_position_is_the_newest_however_the_fixes_come(volunteer: User, at: datetime) -> None:
    number = volunteer.volunteer.number
    store_reports([Report(number, [fix(at, 119.1), fix(at - timedelta(minutes=1), 119.2)])], at=at)
    store_reports([Report(number, [fix(at - timedelta(minutes=2), 119.3)])], at=at)
    assert Fix.objects.count() == 3
    assert LatestPosition.objects.get().lon == 119.1


@pytest.mark.django_db
def test_every_datum_is_stored_as_wgs84(volunteer: User, at: datetime) -> None:
    lon, lat = wgs84_to_gcj02(119.89, 29.45)
    store_reports([Report(volunteer.volunteer.number, [fix(at, lon, lat, "gcj02")])], at=at)
    row = LatestPosition.objects.get()
    assert [row.lon, row.lat] == pytest.approx([119.89, 29.45], abs=1e-7)


@pytest.mark.django_db
def test_whoever_goes_off_duty_vanishes_from_the_map_and_comes_back_with_duty(
    volunteer: User, at: datetime
) -> None:
    number = volunteer.volunteer.number
    store_reports([Report(number, [fix(at)])], at=at)
    forget([number], at=at)
    assert LatestPosition.objects.get().scope == ""
    store_reports([Report(number, [fix(at)])], at=at)
    assert LatestPosition.objects.get().scope != ""


@pytest.mark.django_db
def test_a_batch_takes_a_bounded_number_of_queries(
    volunteer: User, outsider: User, at: datetime, django_assert_max_num_queries: Any
) -> None:
    numbers = [volunteer.volunteer.number, outsider.volunteer.number]
    with django_assert_max_num_queries(6):
        store_reports([Report(number, [fix(at)]) for number in numbers * 50], at=at)


@pytest.mark.django_db(transaction=True)
async def test_a_position_frame_is_acknowledged_once_it_is_stored(
    connect: Connect, volunteer: User, leader: User
) -> None:
    now = datetime.now(UTC).isoformat()
    frame = {"type": "position", "n": 18, "fixes": [{"at": now, "lon": 119.9, "lat": 29.4, "datum": "wgs84"}]}
    on_duty, off_duty = await connect(volunteer), await connect(leader)
    await on_duty.send(frame)
    assert await on_duty.receive() == {"type": "stored", "positions": 18, "refused": 0}
    assert await Fix.objects.acount() == 1
    await off_duty.send(frame)
    assert await off_duty.receive() == {"type": "stored", "positions": 18, "refused": 1}
    assert await Fix.objects.acount() == 1


@pytest.mark.django_db(transaction=True)
async def test_positions_by_rest_are_answered_for_each_fix(
    volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = await sync_to_async(client_of)(volunteer)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    fixes = [fix(now).model_dump(mode="json"), fix(later).model_dump(mode="json")]
    response = await sync_to_async(client.post)("/api/v1/positions", {"fixes": fixes}, format="json")
    assert response.json() == {"stored": [True, False]}
