"""The tables of the log, its receipts and its keys."""

from django.db import models


class Epoch(models.Model):
    """The epoch of the log, one row; replaced when the database was restored to an earlier moment.

    `identity` tells the database in which it began from a restored copy.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.CharField(max_length=40)
    identity = models.CharField(max_length=120)
    begun_at = models.DateTimeField()


class Topic(models.Model):
    """A stream of events. `head` is its last sequence number; the row's lock makes the numbers gapless."""

    name = models.CharField(max_length=80, primary_key=True)
    head = models.BigIntegerField()
    trimmed_to = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(db_index=True)


class Event(models.Model):
    """One event in one topic: one row for any number of recipients."""

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
    """A session (device) whose sockets must close, with the close code; every hub polls this table."""

    session = models.UUIDField()
    at = models.DateTimeField(db_index=True)
    code = models.PositiveSmallIntegerField(default=4403)


class AccessChange(models.Model):
    """People may see other topics from `at` on: every hub reviews the sockets that have joined `topic`."""

    id = models.UUIDField(primary_key=True)
    topic = models.CharField(max_length=80)
    at = models.DateTimeField(db_index=True)


class KeyedAct(models.Model):
    """An act that was done under a client's key, so that the same key does not do it twice.

    Its result is not stored but read again. `digest` is a keyed hash of the request. `made` names the object that the
    request alone does not (its id). `sealed` holds a secret that was told, for minutes.
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
