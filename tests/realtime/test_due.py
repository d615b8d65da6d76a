"""The log is trimmed in small steps, and whoever is behind it starts from a snapshot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from backend.realtime import clock, log
from backend.realtime.due import make_room_for_tracks, trim_events, trim_tracks
from backend.realtime.models import Event, Fix, Topic
from backend.realtime.tracks import Row, write_rows
from tests.realtime.samples import SampleHappened

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def publish(topic: str, at: datetime) -> None:
    with transaction.atomic():
        log.publish(topic, SampleHappened(n=1), at=at)


@pytest.mark.django_db
def test_events_older_than_a_week_go_and_the_topic_remembers_how_far() -> None:
    for days in (9, 8, 1):
        publish("sample.a", AT - timedelta(days=days))
    assert trim_events(at=AT) == 2
    assert list(Event.objects.values_list("seq", flat=True)) == [3]
    assert log.heads(["sample.a"]) == {"sample.a": (3, 2)}


@pytest.mark.django_db
def test_a_topic_with_too_many_events_is_cut_to_what_is_kept(settings: Any) -> None:
    settings.MUSTER = settings.MUSTER | {"EVENTS_KEPT_PER_TOPIC": 3}
    for _ in range(5):
        publish("sample.a", AT)
    assert trim_events(at=AT) == 2
    assert Topic.objects.get().trimmed_to == 2


@pytest.mark.django_db
def test_tracks_are_kept_for_thirty_days() -> None:
    keep(AT - timedelta(days=31), AT - timedelta(days=29), AT)
    assert trim_tracks(at=AT) == 1
    assert sorted(Fix.objects.values_list("at", flat=True)) == [AT - timedelta(days=29), AT]
    assert trim_tracks(at=AT) == 0


def keep(*moments: datetime) -> None:
    write_rows([Row(10000005, at, at, 1.0, 1.0, None, None, None, "") for at in moments])


@pytest.mark.django_db
def test_on_postgresql_a_day_of_tracks_is_a_partition_that_goes_as_a_whole(postgresql: None) -> None:
    begin = datetime(2026, 1, 30, tzinfo=UTC)
    keep(begin, begin + timedelta(hours=23, minutes=59), begin + timedelta(days=1))
    assert partitions() >= {"realtime_fix_p20260130", "realtime_fix_p20260131"}
    assert trim_tracks(at=begin + timedelta(days=31) - timedelta(seconds=1)) == 0
    assert trim_tracks(at=begin + timedelta(days=31)) == 1
    assert partitions() & {"realtime_fix_p20260130", "realtime_fix_p20260131"} == {"realtime_fix_p20260131"}
    assert Fix.objects.get().at == begin + timedelta(days=1)


@pytest.mark.django_db
def test_on_postgresql_the_partitions_of_the_next_days_are_made_ahead_once(postgresql: None) -> None:
    assert make_room_for_tracks(at=AT) == 4
    assert partitions() >= {f"realtime_fix_p2026030{day}" for day in (1, 2, 3, 4)}
    assert make_room_for_tracks(at=AT) == 0


@pytest.fixture
def postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'realtime_fix'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_the_clock_does_all_registered_work_and_says_how_much() -> None:
    publish("sample.a", AT - timedelta(days=9))
    assert clock.tick(at=AT)["backend.realtime.due.trim_events"] == 1
