"""Tracks are let go after thirty days, and their partitions are made ahead."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from backend.tracking.due import make_room_for_tracks, trim_tracks
from backend.tracking.models import Fix
from backend.tracking.tracks import Row, write_rows

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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
    assert partitions() >= {"tracking_fix_p20260130", "tracking_fix_p20260131"}
    assert trim_tracks(at=begin + timedelta(days=31) - timedelta(seconds=1)) == 0
    assert trim_tracks(at=begin + timedelta(days=31)) == 1
    assert partitions() & {"tracking_fix_p20260130", "tracking_fix_p20260131"} == {"tracking_fix_p20260131"}
    assert Fix.objects.get().at == begin + timedelta(days=1)


@pytest.mark.django_db
def test_on_postgresql_the_partitions_of_the_next_days_are_made_ahead_once(postgresql: None) -> None:
    assert make_room_for_tracks(at=AT) == 4
    assert partitions() >= {f"tracking_fix_p2026030{day}" for day in (1, 2, 3, 4)}
    assert make_room_for_tracks(at=AT) == 0


@pytest.fixture
def postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'tracking_fix'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}
