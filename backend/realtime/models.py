"""What the log holds, what was received, and where people were last seen."""

from math import floor

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast, Floor

TILES_PER_DEGREE = 50
TILE_ROW = 100_000
"""Tiles of a fiftieth of a degree, 2.2 by 1.9 km in Zhejiang, numbered row by row."""


class Epoch(models.Model):
    """The epoch of the log, one row: begun anew when the database was put back to an earlier moment.

    `identity` tells the database in which it began from a restored copy.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.CharField(max_length=40)
    identity = models.CharField(max_length=120)
    begun_at = models.DateTimeField()


class Topic(models.Model):
    """A stream of events. `head` is its last sequence number; the row's lock makes numbers gapless."""

    name = models.CharField(max_length=80, primary_key=True)
    head = models.BigIntegerField()
    trimmed_to = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(db_index=True)


class Event(models.Model):
    """One event in one topic: one row however many people it is for."""

    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, db_index=False)
    seq = models.BigIntegerField()
    type = models.CharField(max_length=60)
    data = models.JSONField()
    at = models.DateTimeField(db_index=True)
    audience = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="event_topic_seq")]


class Receipt(models.Model):
    """How far one person's phones have got in one topic."""

    topic = models.CharField(max_length=80)
    person = models.PositiveIntegerField()
    delivered = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "person"], name="receipt_topic_person")]


class Revocation(models.Model):
    """A session (device) whose sockets must close, with which code; every hub polls this table."""

    session = models.UUIDField()
    at = models.DateTimeField(db_index=True)
    code = models.PositiveSmallIntegerField(default=4403)


class AccessChange(models.Model):
    """People may see other topics from `at` on: those who have joined `topic` are looked at again by every hub."""

    id = models.UUIDField(primary_key=True)
    topic = models.CharField(max_length=80)
    at = models.DateTimeField(db_index=True)


class KeyedAct(models.Model):
    """An act that was done under a key of its client, so that the same key does not do it again.

    What it came to is not kept: it is read anew. `digest` is a keyed hash of what was asked for, `made` names what the
    request alone does not (the id of what was made), and `sealed` holds a secret that was told, for minutes.
    """

    person = models.PositiveIntegerField()
    key = models.UUIDField()
    act = models.CharField(max_length=60)
    digest = models.UUIDField()
    made = models.CharField(max_length=80, db_default="")
    sealed = models.TextField(db_default="")
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="keyed_act_person_key")]


class Fix(models.Model):
    """One stored position (WGS-84); on PostgreSQL a table partitioned by the day (UTC) of `at`.

    A phone sends again what was not acknowledged, maybe days later: the same person and moment are one row. So the
    partition is chosen by the phone's moment, which a resent fix keeps, and not by that of receiving it.
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


class LatestPosition(models.Model):
    """Where a person was last seen; one row each, upserted in batches.

    `scope` is the path of the person's unit: a viewer sees the positions whose scope begins with one of theirs.

    On PostgreSQL the table is unlogged and leaves room in its pages: no column that changes with each report has an
    index, so an update stays within its page. Who asks what changed reads the whole table, a few milliseconds for a
    county. `tile` is the exception: the database derives it, and as long as somebody stays in the same two kilometres
    its value does, and the update in its page.
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
    """Return the tile that a place lies in, as the database computes it."""
    return floor(lat * TILES_PER_DEGREE) * TILE_ROW + floor(lon * TILES_PER_DEGREE)
