"""Duty desks of units: their telephones, the shifts of their plans, and what one person hands over to the next."""

from datetime import date, datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models import Unit, UnitKind, Volunteer
from backend.volunteers.models.availability import DAY_MINUTES

LONGEST_MATTER = 500
DESK_KINDS = frozenset((UnitKind.HEADQUARTERS, UnitKind.CORPS, UnitKind.DETACHMENT, UnitKind.BRIGADE))
"""The levels that can have a desk: from the brigade up."""


class Rung(models.TextChoices):
    """By which step of the fall-back a duty officer was found: from the desk itself to any post of the force."""

    DESK = "desk", _("On the desk")
    DESK_DEPUTY = "desk_deputy", _("Deputy on the desk")
    LEADER = "leader", _("Leader of the unit")
    POST = "post", _("Another post of the unit")
    FORCE = "force", _("A post elsewhere in the force")


class Desk(models.Model):
    """The duty desk of a unit. Its telephone is an office's, and no person's."""

    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, primary_key=True, related_name="desk")
    phone = models.CharField(max_length=40)
    made_at = models.DateTimeField()


class ShiftQuerySet(models.QuerySet["Shift"]):
    """Shifts, by when they are: a dated one from `from_at` until `until_at`, a weekly one on days of its dates."""

    def not_over(self, at: datetime) -> Self:
        """Return those that last or will begin; a weekly one two days longer, whatever the zone of its unit."""
        today = at.date() - timedelta(days=2)
        return self.filter(
            Q(until_at__gt=at) | Q(weekday__isnull=False) & (Q(until_date=None) | Q(until_date__gte=today))
        )

    def over_since(self, moment: datetime) -> Self:
        """Return those that were over at a moment."""
        return self.filter(Q(until_at__lte=moment) | Q(until_date__lt=moment.date()))

    def of_person(self, volunteer: Volunteer) -> Self:
        """Return those of a person, as the first or as the deputy."""
        return self.filter(Q(volunteer=volunteer) | Q(deputy=volunteer))


class Shift(models.Model):
    """An entry of the plan: who is at the desk, once (`from_at`, `until_at`) or on a weekday of every week.

    The release before this room deletes volunteers by statements of its own, which know no shifts: no constraint.
    """

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="shifts")
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="shifts", db_constraint=False
    )
    deputy = models.ForeignKey(
        Volunteer, null=True, on_delete=models.SET_NULL, related_name="deputy_shifts", db_constraint=False
    )
    from_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    before_week = models.BooleanField(
        default=False, help_text="a dated shift that counts before the weekly ones of its hours"
    )
    weekday = models.PositiveSmallIntegerField(null=True, help_text="0 Monday … 6 Sunday, in the unit's zone")
    from_minute = models.PositiveSmallIntegerField(null=True, help_text="of the day")
    minutes = models.PositiveSmallIntegerField(null=True, help_text="how long it lasts; may end the next day")
    from_date = models.DateField(null=True, help_text="the first day on which it may begin")
    until_date = models.DateField(null=True, help_text="the last day on which it may begin; null: no end")
    made_at = models.DateTimeField()

    objects = ShiftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    weekday__isnull=True,
                    from_minute__isnull=True,
                    minutes__isnull=True,
                    from_date__isnull=True,
                    from_at__lt=F("until_at"),
                )
                | Q(
                    from_at__isnull=True,
                    until_at__isnull=True,
                    weekday__lte=6,
                    from_minute__lt=DAY_MINUTES,
                    minutes__range=(1, DAY_MINUTES),
                    from_date__isnull=False,
                ),
                name="shift_dated_or_weekly",
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("volunteer")), name="shift_deputy_is_another"
            ),
        ]
        indexes = [models.Index(fields=["unit", "until_at"], name="shift_of_unit")]

    @property
    def is_weekly(self) -> bool:
        """Tell whether it comes again every week."""
        return self.weekday is not None

    def may_begin_on(self, day: date) -> bool:
        """Tell whether a weekly shift begins on a day."""
        begun = self.from_date is not None and self.from_date <= day
        return begun and day.weekday() == self.weekday and (self.until_date is None or day <= self.until_date)


class HandOverQuerySet(models.QuerySet["HandOver"]):
    """Hand-overs, by whether both have signed."""

    def standing_open(self) -> Self:
        """Return those that one person alone has signed."""
        return self.filter(taken_at=None)

    def given_before(self, moment: datetime) -> Self:
        """Return those that were written before a moment."""
        return self.filter(given_at__lt=moment)


class HandOver(models.Model):
    """What is open when one person leaves the desk and another takes it over; each signs with their time."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="hand_overs")
    given_by = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="hand_overs_given", db_constraint=False
    )
    given_at = models.DateTimeField()
    matters = models.JSONField(help_text="a list of texts")
    taken_by = models.ForeignKey(
        Volunteer, null=True, on_delete=models.CASCADE, related_name="hand_overs_taken", db_constraint=False
    )
    taken_at = models.DateTimeField(null=True)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="hand_over_signed_with_time",
            ),
            models.CheckConstraint(
                condition=Q(taken_by=None) | ~Q(taken_by=F("given_by")), name="hand_over_between_two"
            ),
        ]
        indexes = [models.Index(fields=["unit", "-given_at"], name="hand_over_of_unit")]

    @property
    def is_open(self) -> bool:
        """Tell whether one person alone has signed."""
        return self.taken_at is None

    def take(self, *, by: Volunteer, at: datetime) -> list[str]:
        """Sign as the person who takes over; returns the columns to save."""
        self.taken_by, self.taken_at = by, at
        return ["taken_by", "taken_at"]


class NightTold(models.Model):
    """That the leaders of a unit were told of a night: once."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+", db_index=False)
    night = models.DateField(help_text="the day on whose evening it begins, in the unit's zone")
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "night"], name="night_told_once")]
