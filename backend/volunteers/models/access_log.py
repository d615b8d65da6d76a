"""The access log: which viewer looked at which person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models.people import Volunteer


class LookedAt(models.TextChoices):
    """What was shown of a person."""

    PROFILE = "profile", _("Profile")
    PHONE = "phone", _("Phone")
    LOCATION = "location", _("Location")
    RECORDS = "records", _("Records")
    EXPORT = "export", _("Export")
    BADGE = "badge", _("Badge")
    FOUND = "found", _("Found by phone or identity card")


class AccessEntry(models.Model):
    """A viewer was shown something of a named person; one row for each hour, however often."""

    viewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="looks", db_index=False)
    what = models.CharField(max_length=12, choices=LookedAt.choices)
    hour = models.DateTimeField(db_index=True, help_text="when that hour began")
    at = models.DateTimeField(help_text="the first time in that hour")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "hour", "viewer", "what"], name="look_once_an_hour")
        ]
        indexes = [
            # What a caller has found today is counted before each look of this kind; such looks are few.
            models.Index(fields=["viewer", "hour"], name="look_found", condition=Q(what="found"))
        ]
