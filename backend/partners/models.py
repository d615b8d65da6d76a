"""What partner organisations show of their people to those above."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models import Unit


class Shares(models.TextChoices):
    """How much of a partner's people the posts above its unit see."""

    CONTACT = "contact", _("Only a contact and the head-count")
    ALL = "all", _("Its people, as of every unit")


class Sharing(models.Model):
    """What a partner shows of its unit and of those below. A partner without a row has had no leader yet.

    Whether its people are shown is read from `Unit.closed_depth` everywhere; this row is what that follows from.
    """

    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, primary_key=True, related_name="sharing")
    shares = models.CharField(max_length=10, choices=Shares.choices)
    contact_name = models.CharField(max_length=80, blank=True, help_text="empty: its leader")
    contact_phone = models.CharField(max_length=40, blank=True)
    chosen_at = models.DateTimeField(null=True, help_text="null: as it began, nothing was chosen yet")
