"""The record of who did what, and the signed heads of its chain."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One act: append-only, written by every service in the transaction of the act.

    `post` is the office that allowed it, empty for a person's own acts. `key` and `seal` are set when the row is
    written; `day`, `position` and `link` by the clock, after the commit.
    """

    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    post = models.CharField(max_length=60, default="")
    details = models.JSONField(default=dict)
    key = models.UUIDField(unique=True, help_text="makes two equal acts two; a row that is copied keeps it")
    seal = models.CharField(max_length=32, help_text="keyed hash of the content")
    day = models.DateField(null=True)
    position = models.PositiveIntegerField(null=True)
    link = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "position"], name="audit_entry_place")]
        indexes = [
            models.Index(fields=["subject", "id"]),
            models.Index(fields=["id"], condition=Q(link=""), name="audit_entry_unlinked"),
        ]


class Head(models.Model):
    """A signed statement of the state of the chain, made with every step of it; the last of a day is `closed`."""

    number = models.PositiveBigIntegerField(primary_key=True)
    day = models.DateField()
    count = models.PositiveIntegerField()
    link = models.CharField(max_length=64)
    closed = models.BooleanField()
    fingerprints = models.TextField()
    at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    key = models.CharField(max_length=16)
    signature = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["day", "number"], name="audit_head_day_number")]
