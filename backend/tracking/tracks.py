"""Writes fixes and latest positions: on PostgreSQL by COPY through a staging table, on SQLite by plain inserts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection, transaction

from backend.lib.dialect import on_postgresql
from backend.tracking.models import Fix
from backend.tracking.partitions import make_partitions

_PORTION = 1_000


class Row(NamedTuple):
    """One fix to store (WGS-84). `scope` is where its person appears on the map; empty: in the track alone."""

    person: int
    at: datetime
    received_at: datetime
    lon: float
    lat: float
    accuracy_m: float | None
    battery: int | None
    speed_mps: float | None
    scope: str


Key = tuple[int, datetime]

# A person who was taken off the map (scope '') returns only by a later report: a report that was being stored at that
# moment does not bring the person back.
_ON_CONFLICT = """
    ON CONFLICT (person) DO UPDATE SET scope = excluded.scope, at = excluded.at, received_at = excluded.received_at,
        lon = excluded.lon, lat = excluded.lat, accuracy_m = excluded.accuracy_m, battery = excluded.battery
    WHERE CASE tracking_latestposition.scope WHEN '' THEN excluded.received_at >= tracking_latestposition.received_at
        ELSE excluded.at >= tracking_latestposition.at END
"""
_LATEST = (
    "INSERT INTO tracking_latestposition (person, scope, at, received_at, lon, lat, accuracy_m, battery) "
)

# Measured with 1,300 and 5,000 rows: binary COPY into a kept staging table and INSERT … SELECT takes 10 and 6 µs a row,
# arrays with unnest 11 and 8 (20 and 17 as text), and half of that time is Python's.
_STAGING = """
    CREATE TEMP TABLE IF NOT EXISTS fix_staging (person int4, at timestamptz, received_at timestamptz, lon float8,
        lat float8, accuracy_m float8, battery int2, speed_mps float8, scope text)
"""
_COPY = "COPY fix_staging FROM STDIN (FORMAT BINARY)"
_TYPES = ("int4", "timestamptz", "timestamptz", "float8", "float8", "float8", "int2", "float8", "text")
_FROM_STAGING = """
    WITH new AS (
        INSERT INTO tracking_fix (person, at, received_at, lon, lat, accuracy_m, battery, speed_mps)
        SELECT person, at, received_at, lon, lat, accuracy_m, battery, speed_mps FROM fix_staging
        ON CONFLICT DO NOTHING RETURNING person, at
    )
    SELECT person, at FROM fix_staging EXCEPT SELECT person, at FROM new
"""
_NEWEST_STAGED = """
    SELECT DISTINCT ON (person) person, scope, at, received_at, lon, lat, accuracy_m, battery
    FROM fix_staging WHERE scope <> '' ORDER BY person, at DESC
"""


def write_rows(rows: Sequence[Row]) -> set[Key]:
    """Store fixes and upsert latest positions, in one transaction; return the keys of fixes that were stored already.

    The key of a fix is its person and moment; of equal ones the first counts. Rows are written in the order of their
    people, so that processes that store for the same people wait for each other and cannot deadlock.
    """
    if not rows:
        return set()
    ordered = sorted({(row.person, row.at): row for row in reversed(rows)}.values())
    if on_postgresql():
        make_partitions({row.at.astimezone(UTC).date() for row in ordered})
        return _write_by_copy(ordered)
    return _write_plainly(ordered)


def _write_by_copy(rows: Sequence[Row]) -> set[Key]:
    with transaction.atomic(), connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(_STAGING)
        cursor.execute("TRUNCATE fix_staging")
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)
        cursor.execute(_FROM_STAGING)
        here = set(cursor.fetchall())
        cursor.execute(_LATEST + _NEWEST_STAGED + _ON_CONFLICT)
    return here


def _write_plainly(rows: Sequence[Row]) -> set[Key]:
    """Store on SQLite, where the transaction has the database to itself: no writer comes between read and write."""
    with transaction.atomic():
        first, last = min(row.at for row in rows), max(row.at for row in rows)
        here: set[Key] = set()
        for portion in _portions(rows):
            known = Fix.objects.filter(person__in={row.person for row in portion}, at__range=(first, last))
            here |= set(known.values_list("person", "at"))
        for portion in _portions(rows):
            Fix.objects.bulk_create([Fix(**_columns(row)) for row in portion], ignore_conflicts=True)
        for portion in _portions(_newest(rows)):
            _upsert_latest(portion)
    return here & {(row.person, row.at) for row in rows}


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _PORTION] for start in range(0, len(rows), _PORTION))


def _columns(row: Row) -> dict[str, object]:
    columns = row._asdict()
    del columns["scope"]
    return columns


def _newest(rows: Sequence[Row]) -> list[Row]:
    """Return each person's newest row that appears on the map; the rows are in the order of their moments."""
    return list({row.person: row for row in rows if row.scope}.values())


def _upsert_latest(rows: Sequence[Row]) -> None:
    stamp = connection.ops.adapt_datetimefield_value
    values = [
        (r.person, r.scope, stamp(r.at), stamp(r.received_at), r.lon, r.lat, r.accuracy_m, r.battery)
        for r in rows
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_LATEST} VALUES {places} {_ON_CONFLICT}", [value for row in values for value in row]
        )
