"""Positions are taken only from those on duty, and acknowledged after storing."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from backend.accounts.models import User
from backend.lib.datum import wgs84_to_gcj02
from backend.realtime.sync import release_connections
from backend.tracking import positions
from backend.tracking.fixes import Positions
from backend.tracking.judging import Report
from backend.tracking.mapfeed.reading import read_changed
from backend.tracking.models import Fix, LatestPosition
from backend.tracking.positions import Outcome, PositionBuffer, forget, store_and_pace, store_reports
from backend.tracking.schemas.positions import FixIn
from backend.tracking.sources import sources
from backend.tracking.windows import Tracked
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer, Race
from tests.realtime.conftest import Connect
from tests.realtime.samples import Phone


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
    store_reports([Report(number, [fix(at)])], at=datetime.now(UTC))
    assert LatestPosition.objects.get().scope != ""


@pytest.mark.django_db
def test_maps_learn_of_whoever_withdrew_though_the_act_waited_long(volunteer: User) -> None:
    now, number = datetime.now(UTC), volunteer.volunteer.number
    assert store_reports([Report(number, [fix(now)])], at=now) == [[True]]
    _, read_to = read_changed(None, now)

    forget([number], at=now - timedelta(seconds=30))

    rows, _ = read_changed(read_to, now)
    assert [(row[0], row[1]) for row in rows] == [(number, "")]


@pytest.mark.django_db
def test_a_fix_that_is_sent_again_on_another_day_is_one_row_and_counts_as_taken(
    volunteer: User, at: datetime
) -> None:
    number = volunteer.volunteer.number
    measured = datetime.combine(at.date(), time(23, 59, 59), UTC) - timedelta(days=1)
    Volunteer.objects.update(duty_since=measured, duty_until=at + timedelta(days=2))
    before, after = measured + timedelta(seconds=1), measured + timedelta(days=1)
    assert store_reports([Report(number, [fix(measured)])], at=before) == [[True]]
    assert store_reports([Report(number, [fix(measured)] * 2)], at=after) == [[True, True]]
    assert Fix.objects.get().received_at == before


@pytest.mark.django_db
def test_a_report_that_was_under_way_does_not_bring_back_whoever_went_off_duty(
    volunteer: User, at: datetime
) -> None:
    """It was judged before the duty ended, and is stored after."""
    number = volunteer.volunteer.number
    store_reports([Report(number, [fix(at)])], at=at)
    forget([number], at=at + timedelta(seconds=2))
    store_reports([Report(number, [fix(at + timedelta(seconds=1))])], at=at + timedelta(seconds=1))
    assert LatestPosition.objects.get().scope == ""


@pytest.mark.django_db
def test_speed_and_everything_else_of_a_fix_is_stored(volunteer: User, at: datetime) -> None:
    number = volunteer.volunteer.number
    sent = FixIn(at=at, lon=119.89, lat=29.45, datum="wgs84", acc_m=9.5, battery=71, speed_mps=1.4)
    bare = FixIn(at=at + timedelta(seconds=1), lon=119.89, lat=29.45, datum="wgs84")
    store_reports([Report(number, [sent, bare])], at=at)
    stored = Fix.objects.order_by("at").values_list("accuracy_m", "battery", "speed_mps")
    assert list(stored) == [(9.5, 71, 1.4), (None, None, None)]


@pytest.mark.postgres
def test_processes_that_store_for_the_same_people_do_not_lock_each_other_out(
    race: Race, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    """On days whose partitions nobody has made yet: they are made once."""
    numbers = [make_volunteer(formation.squadron_a).number for _ in range(20)]
    Volunteer.objects.update(duty_since=at - timedelta(days=400))
    moments = [at - timedelta(days=300 + days) for days in range(3)]

    def storing(order: list[int]) -> Callable[[], Any]:
        reports = [Report(number, [fix(moment) for moment in moments]) for number in order]
        return lambda: store_reports(reports, at=at)

    results = race(*[storing(numbers[::step]) for step in (1, -1) * 4])
    assert results == [[[True] * 3] * 20] * 8
    assert (Fix.objects.count(), LatestPosition.objects.count()) == (60, 20)


@pytest.mark.django_db
def test_a_batch_takes_a_bounded_number_of_queries(
    volunteer: User, outsider: User, at: datetime, django_assert_max_num_queries: Any
) -> None:
    numbers = [volunteer.volunteer.number, outsider.volunteer.number]
    with django_assert_max_num_queries(10):
        store_reports([Report(number, [fix(at)]) for number in numbers * 50], at=at)


@pytest.mark.django_db(transaction=True)
async def test_a_position_frame_is_acknowledged_once_it_is_stored(
    connect: Connect, volunteer: User, leader: User
) -> None:
    now = datetime.now(UTC).isoformat()
    frame = {"type": "position", "n": 18, "fixes": [{"at": now, "lon": 119.9, "lat": 29.4, "datum": "wgs84"}]}
    on_duty, off_duty = await connect(volunteer), await connect(leader)
    await on_duty.send(frame)
    stored = {"type": "stored", "positions": 18, "refused": 0, "results": ["accepted"], "every_s": 30}
    assert await on_duty.receive() == stored
    assert await Fix.objects.acount() == 1
    await off_duty.send(frame)
    assert await off_duty.receive() == {**stored, "refused": 1, "results": ["off_duty"]}
    assert await Fix.objects.acount() == 1


@pytest.mark.django_db(transaction=True)
async def test_positions_by_rest_are_answered_for_each_fix(
    volunteer: User, client_of: Callable[[User], Any]
) -> None:
    client = await sync_to_async(client_of)(volunteer)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    fixes = [fix(now).model_dump(mode="json"), fix(later).model_dump(mode="json")]
    response = await sync_to_async(client.post)("/api/v1/positions", {"fixes": fixes}, format="json")
    assert response.json() == {"results": ["accepted", "future"]}


# --- the buffer of a process --------------------------------------------------------------------------------------


def frame(n: int, fixes: int = 1) -> Positions:
    return Positions([fix(datetime.now(UTC))] * fixes, n=n)


@pytest.mark.django_db
def test_each_is_told_how_often_to_report(
    volunteer: User, outsider: User, at: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several reasons to be tracked the shortest interval counts; whoever is not tracked reports as all do."""
    settings.MUSTER = replace(settings.MUSTER, position_every_s=30)
    number, other = volunteer.volunteer.number, outsider.volunteer.number
    on_task = Tracked(scope="", since=at, every_s=10)
    more = [*sources.tracking, lambda people, at: {number: on_task} if number in people else {}]
    monkeypatch.setattr(sources, "tracking", more)
    outcomes = store_and_pace(
        [Report(number, [fix(at)]), Report(other, [fix(at)]), Report(1, [fix(at)])], at=at
    )
    assert outcomes == [Outcome(["accepted"], 10), Outcome(["accepted"], 30), Outcome(["off_duty"], 30)]


class Database:
    """Stores as the product does, but may be away."""

    def __init__(self) -> None:
        self.away = threading.Event()
        self.batches: list[int] = []
        self.tries = 0

    def __call__(self, reports: Sequence[Report], *, at: datetime) -> list[Outcome]:
        self.tries += 1
        if self.away.is_set():
            raise OperationalError("the connection is closed")
        self.batches.append(sum(len(report.fixes) for report in reports))
        return store_and_pace(reports, at=at)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():
            await asyncio.sleep(0.01)


def acknowledged(phone: Phone) -> list[int]:
    return [json.loads(message["text"])["positions"] for message in phone.sent]


@pytest.mark.django_db(transaction=True)
async def test_frames_wait_while_the_database_is_away_and_are_stored_once(
    volunteer: User, loose: None
) -> None:
    database, phone = Database(), Phone(volunteer.volunteer.number)
    buffer = PositionBuffer(database)
    database.away.set()
    buffer.add(phone.connection, frame(1, fixes=3))
    await until(lambda: database.tries > 0)
    buffer.add(phone.connection, frame(1, fixes=3))  # its phone has waited long enough, and sends it again
    buffer.add(phone.connection, frame(2))
    assert phone.sent == []
    database.away.clear()
    await until(lambda: len(phone.sent) == 2)
    assert (acknowledged(phone), sum(database.batches)) == ([1, 2], 4)


@pytest.mark.django_db(transaction=True)
async def test_what_has_piled_up_is_stored_in_bounded_batches_and_the_rest_is_left_to_the_phones(
    volunteer: User, loose: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "MAX_WAITING", 60)
    monkeypatch.setattr(positions, "BATCH", 25)
    database, phone = Database(), Phone(volunteer.volunteer.number)
    buffer = positions.PositionBuffer(database)
    for n in range(9):
        buffer.add(phone.connection, frame(n, fixes=10))
    await until(lambda: len(phone.sent) == 6)
    assert (acknowledged(phone), database.batches) == ([0, 1, 2, 3, 4, 5], [20, 20, 20])
    buffer.add(phone.connection, frame(6, fixes=60))  # there is room again, and one frame is never cut
    await until(lambda: len(phone.sent) == 7)


@pytest.fixture
async def loose(transactional_db: None) -> AsyncIterator[None]:
    """Give the threads' connections back: there is no socket here whose end would do it."""
    yield
    await release_connections()
