"""The tables of tracks and of latest positions."""

from math import floor

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast, Floor

TILES_PER_DEGREE = 50
TILE_ROW = 100_000
"""Tiles of a fiftieth of a degree, 2.2 by 1.9 km in Zhejiang, numbered row by row."""


class Fix(models.Model):
    """One stored position (WGS-84); on PostgreSQL a table partitioned by the day (UTC) of `at`.

    A phone repeats a fix that was not acknowledged, maybe days later: the same person and moment are one row. So the
    partition follows the moment of the fix, which a repetition keeps, and not that of its receipt.
    """

    pk = models.CompositePrimaryKey("person", "at")
    person = models.PositiveIntegerField()
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy_m = models.FloatField(null=True)
    battery = models.PositiveSmallIntegerField(null=True)
    speed_mps = models.FloatField(null=True)


def scope_of(path: str, closed_depth: int) -> str:
    """Return where the people of a unit, by its path and `closed_depth`, appear on maps.

    It is the path, and within a partner that keeps its people to itself the path behind its depth (`P4`): so it begins
    with the scope of a viewer's unit only where posts there see these people.
    """
    return f"P{closed_depth}{path}" if closed_depth else path


class LatestPosition(models.Model):
    """The latest position of a person; one row each, upserted in batches.

    `scope` is that of the person's unit (`scope_of`): a viewer sees the positions whose scope begins with one
    of the viewer's.

    On PostgreSQL the table is unlogged and leaves room in its pages. No column that changes with each report has an
    index, so an update stays within its page. A reader of the changes scans the whole table, a few milliseconds for a
    county. `tile` is the exception: the database derives it. While a person stays in the same two kilometres its
    value is unchanged, and the update stays in its page.
    """

    person = models.PositiveIntegerField(primary_key=True)
    scope = models.CharField(max_length=80)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy_m = models.FloatField(null=True)
    battery = models.PositiveSmallIntegerField(null=True)
    tile = models.GeneratedField(
        expression=Cast(Floor(F("lat") * TILES_PER_DEGREE), models.IntegerField()) * TILE_ROW
        + Cast(Floor(F("lon") * TILES_PER_DEGREE), models.IntegerField()),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        indexes = [models.Index(fields=["tile"], name="latest_position_tile")]


def tile_of(lon: float, lat: float) -> int:
    """Return the tile of a place, as the database computes it."""
    return floor(lat * TILES_PER_DEGREE) * TILE_ROW + floor(lon * TILES_PER_DEGREE)
