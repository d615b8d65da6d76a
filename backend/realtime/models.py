"""What the log holds, what was received, and where people were last seen."""

from django.db import models


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
    """A session (device) whose sockets must close; every hub polls this table."""

    session = models.UUIDField()
    at = models.DateTimeField(db_index=True)


class CommandResult(models.Model):
    """What a keyed command answered, so that the same key answers the same again."""

    person = models.PositiveIntegerField()
    key = models.UUIDField()
    type = models.CharField(max_length=60)
    result = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="command_person_key")]


class Fix(models.Model):
    """One stored position (WGS-84)."""

    person = models.PositiveIntegerField()
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_index=True)
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy_m = models.FloatField(null=True)
    battery = models.PositiveSmallIntegerField(null=True)

    class Meta:
        # A phone sends again what was not acknowledged: the same fix is one row.
        constraints = [models.UniqueConstraint(fields=["person", "at"], name="fix_person_at")]


class LatestPosition(models.Model):
    """Where a person was last seen; one row each, upserted in batches.

    `scope` is the path of the person's unit: a viewer sees the positions whose scope begins with one of theirs.
    """

    person = models.PositiveIntegerField(primary_key=True)
    scope = models.CharField(max_length=80)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_index=True)
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy_m = models.FloatField(null=True)
    battery = models.PositiveSmallIntegerField(null=True)
