"""The record of who did what."""

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """One act: append-only, written by every service in the transaction that does the act."""

    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject", "id"])]
