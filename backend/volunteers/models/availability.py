"""When people plan to be available: hours of each week, and periods that are exceptions from them."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from backend.volunteers.models.people import Volunteer

DAY_MINUTES = 24 * 60


class WeeklyAvailability(models.Model):
    """Hours of a weekday, by the clock on the wall where the volunteer's unit is."""

    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="weekly_availability", db_index=False
    )
    weekday = models.PositiveSmallIntegerField(help_text="0 Monday … 6 Sunday")
    from_minute = models.PositiveSmallIntegerField(help_text="of the day")
    until_minute = models.PositiveSmallIntegerField(help_text="of the day; 1440 is its end")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "weekday", "from_minute"], name="availability_hours_once"
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, until_minute__lte=DAY_MINUTES, from_minute__lt=F("until_minute")),
                name="availability_hours_in_day",
            ),
        ]


class DatedAvailabilityQuerySet(models.QuerySet["DatedAvailability"]):
    """Periods, by whether they are over: they last until `until_at`, and not at that moment."""

    def not_over(self, at: datetime) -> Self:
        """Return those that last, or will begin."""
        return self.filter(until_at__gt=at)

    def current(self, at: datetime) -> Self:
        """Return those that a moment lies in."""
        return self.not_over(at).filter(from_at__lte=at)


class DatedAvailability(models.Model):
    """A period in which a volunteer is available, or is not, whatever the week says."""

    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="dated_availability", db_index=False
    )
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    available = models.BooleanField()

    objects = DatedAvailabilityQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["volunteer", "from_at"], name="availability_period_once"),
            models.CheckConstraint(
                condition=Q(from_at__lt=F("until_at")), name="availability_period_forward"
            ),
        ]
