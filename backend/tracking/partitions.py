"""The daily partitions of the tracks on PostgreSQL: created ahead, created when missing, dropped whole."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from backend.lib.dialect import on_postgresql

TABLE = "tracking_fix"
AHEAD = timedelta(days=3)
"""Days whose partitions are created in advance, so that no report waits for one."""

# ATTACH takes a lock that allows reports meanwhile; `CREATE TABLE … PARTITION OF` would block them.
_MAKE = """
    CREATE TABLE {name} (LIKE tracking_fix INCLUDING ALL);
    ALTER TABLE tracking_fix ATTACH PARTITION {name} FOR VALUES FROM ('{begin}T00:00Z') TO ('{end}T00:00Z')
"""
_PARTITIONS = """
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'tracking_fix'::regclass ORDER BY child.relname
"""


def partition_of(day: date) -> str:
    """Return the name of the partition of a day (UTC)."""
    return f"{TABLE}_p{day:%Y%m%d}"


def make_partitions(days: Iterable[date]) -> int:
    """Create the missing partitions; returns how many. One query when none is missing."""
    if not on_postgresql():
        return 0
    missing = _missing(days)
    if not missing:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TABLE])
        for day in _missing(missing):  # another process may have created some while this one waited
            end = day + timedelta(days=1)
            cursor.execute(_MAKE.format(name=partition_of(day), begin=day, end=end))
    return len(missing)


def make_partitions_ahead(*, at: datetime) -> int:
    """Create the partitions of today and the next days; returns how many were missing."""
    today = at.astimezone(UTC).date()
    return make_partitions(today + timedelta(days=n) for n in range(AHEAD.days + 1))


def drop_partitions(*, before: datetime) -> int:
    """Drop the partitions whose whole day lies before a moment; returns how many.

    A drop locks the table. It gives up after two seconds behind a long reader, and the clock retries.
    """
    first_kept = partition_of(before.astimezone(UTC).date())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        old = [name for (name,) in cursor.fetchall() if name < first_kept]
        if old:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(f"DROP TABLE {', '.join(old)}")
    return len(old)


def _missing(days: Iterable[date]) -> list[date]:
    """Return the days without a partition. Not by `to_regclass`, whose cached answer may be outdated."""
    wanted = {partition_of(day): day for day in days}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_class"
            " WHERE relname = name AND relnamespace = current_schema()::regnamespace) ORDER BY name",
            [list(wanted)],
        )
        return [wanted[name] for (name,) in cursor.fetchall()]
