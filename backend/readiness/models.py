"""What is known of waking people: their own words, and what a leader has noted for a person."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models import Category, Unit, Volunteer
from backend.volunteers.models.availability import DAY_MINUTES

WORD_LASTS = timedelta(days=90)
"""How long a leader's word holds, from the moment at which the person said yes."""


class Waking(models.Model):
    """All that a person says of being woken off duty; replaced as a whole. `WakingHours` has it for the database."""

    volunteer = models.OneToOneField(
        Volunteer, on_delete=models.CASCADE, primary_key=True, related_name="waking"
    )
    said_at = models.DateTimeField(help_text="when the person last said it")
    consents = models.JSONField(default=list, help_text="categories, and the hours of the day for them")
    refused_hours = models.JSONField(default=list)
    refused_categories = models.JSONField(default=list)


class Manner(models.TextChoices):
    """How a person has said yes to a leader."""

    PHONE = "phone", _("By telephone")
    IN_PERSON = "in_person", _("Face to face")


class LeadersWordQuerySet(models.QuerySet["LeadersWord"]):
    """Leaders' words, by whether they hold: until `until_at`, and not at that moment."""

    def in_force(self, at: datetime) -> Self:
        """Return those that hold: neither ended nor run out."""
        return self.not_ended().filter(until_at__gt=at)

    def not_ended(self) -> Self:
        """Return those that no person has ended."""
        return self.filter(ended_at=None)

    def over_since(self, moment: datetime) -> Self:
        """Return those that ended, or ran out, at a moment or before."""
        return self.filter(Q(until_at__lte=moment) | Q(ended_at__lte=moment))


class LeadersWord(models.Model):
    """A leader has noted that a person has agreed by voice to being woken; it holds 90 days at most."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="leaders_words")
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the person's, for which the leader speaks",
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    categories = models.JSONField(help_text="codes of the categories that the person has agreed to")
    how = models.CharField(max_length=10, choices=Manner.choices)
    said_at = models.DateTimeField(help_text="when the person said yes, as the leader noted it")
    until_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeadersWordQuerySet.as_manager()

    def end(self, *, by: User | None, at: datetime) -> list[str]:
        """Let it hold no longer; None: it has ended with what it rested on. Returns the columns to save."""
        self.ended_at, self.ended_by = at, by
        return ["ended_at", "ended_by"]


class WakingHours(models.Model):
    """Hours of every day in which a person may be woken for a category, or must not be, by their unit's clock.

    Rows that call-outs read; they say what `Waking` and the leaders' words say. Hours past midnight are two rows.
    """

    # Found by the first column of the index below.
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.ForeignKey(
        LeadersWord,
        null=True,
        on_delete=models.CASCADE,
        related_name="hours",
        help_text="whose hours they are; null: the person's own",
    )
    refused = models.BooleanField()
    category = models.CharField(
        max_length=12, choices=Category.choices, blank=True, help_text="empty: every category"
    )
    from_minute = models.PositiveSmallIntegerField(help_text="of the day")
    until_minute = models.PositiveSmallIntegerField(help_text="of the day; 1440 is its end")
    until_at = models.DateTimeField(null=True, help_text="a leader's word ends then; null: no end")

    class Meta:
        indexes = [models.Index(fields=["volunteer", "refused", "category"], name="waking_hours_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_minute__lte=DAY_MINUTES, from_minute__lt=F("until_minute")),
                name="waking_hours_in_day",
            ),
        ]


def lasting_hours(at: datetime) -> Q:
    """Return the condition on hours of being said still: the person's own, or of a leader's word that holds."""
    return Q(until_at=None) | Q(until_at__gt=at)
