"""Volunteers, and the units they belong to."""

from datetime import UTC, date, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.encryption import LOOKUP_CHARACTERS
from backend.volunteers.models.units import Unit


class Skill(models.Model):
    """A service category or a free qualification."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    is_category = models.BooleanField(default=False)


ADULT_AGE = 18


class Standing(models.TextChoices):
    """Where a volunteer's service stands."""

    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    RETIRED = "retired", _("Retired")


class Volunteer(models.Model):
    """A person with a number for life."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="volunteer")
    number = models.PositiveIntegerField(unique=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="this record was another one of the same person; its number is an alias of theirs",
    )
    name = models.CharField(max_length=80)
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.ACTIVE)
    born_on = models.DateField(null=True, blank=True)
    skills = models.ManyToManyField(Skill, blank=True, related_name="+")
    standing_since = models.DateTimeField(
        null=True, blank=True, help_text="of the last change; null: none yet"
    )
    standing_until = models.DateTimeField(null=True, blank=True, help_text="a suspension ends by itself then")
    standing_reason = models.CharField(max_length=200, blank=True)
    duty_since = models.DateTimeField(null=True)
    duty_until = models.DateTimeField(null=True, help_text="duty ends by itself then; null: off duty")
    location_consent_at = models.DateTimeField(
        null=True,
        help_text="since when the location may be taken; null: it may not. Kept by services/consents",
    )
    location_consent_version = models.PositiveSmallIntegerField(null=True)
    erased_at = models.DateTimeField(null=True, help_text="the person had everything of theirs deleted")

    identity_to_confirm = models.BooleanField(
        default=False,
        help_text="identity card or date of birth came by a merge: masked until the person names them",
    )
    id_card_sealed = models.CharField(max_length=120, blank=True)
    id_card_key = models.CharField(max_length=LOOKUP_CHARACTERS, null=True)  # noqa: DJ001  # unique unless absent
    batch_id = models.UUIDField(
        null=True, db_index=True, help_text="the import that brought the person; imports are never deleted"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id_card_key"], name="id_card_once")]
        indexes = [  # without those who have none, which is nearly everybody
            models.Index(
                fields=[field], name=f"volunteer_{field}", condition=Q(**{f"{field}__isnull": False})
            )
            for field in ("duty_until", "standing_since", "standing_until", "merged_into")
        ]

    @property
    def topic(self) -> str:
        """This person's inbox."""
        return f"person.{self.number:08d}"

    def is_on_duty(self, at: datetime) -> bool:
        """Tell whether the person is on duty at `at`."""
        return self.duty_until is not None and at < self.duty_until

    def is_adult(self, at: datetime) -> bool:
        """Tell whether the person is known to be 18 at `at`; whose date of birth is missing is not."""
        return self.born_on is not None and self.born_on <= adult_if_born_until(at)


DUTIES_KEPT = timedelta(days=7)
"""How long the record of a duty is kept: so long a phone may bring back what it measured on it."""


class DutyPeriod(models.Model):
    """A duty that has ended: a phone may bring back what it recorded then. Kept no longer than that takes."""

    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="duty_periods", db_index=False
    )
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["volunteer", "until"], name="duty_period_of")]


def adult_if_born_until(at: datetime) -> date:
    """Return the latest date of birth of somebody who is 18 at `at`.

    The day is UTC's, which in China begins eight hours late: nobody is taken for an adult too early.
    """
    today = at.astimezone(UTC).date()
    leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - ADULT_AGE, day=28 if leap_day else today.day)


COUNTY_DEPTH = 3
"""How deep a detachment stands in the formation: headquarters is 1."""


class Membership(models.Model):
    """A volunteer belongs to a unit; several units, one of them primary."""

    # Both are found by the first columns of the constraints below.
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    is_primary = models.BooleanField(default=False)
    seat = models.PositiveIntegerField(
        null=True, blank=True, help_text="the NN of CC-DD-BB-SSS-K-NN, from 02; null: none yet"
    )
    # What a roster is searched and sorted by, copied here by services/roster: one index range, no join.
    unit_path = models.CharField(max_length=255, default="", help_text="empty: not filled in yet")
    county = models.CharField(
        max_length=12, default="", help_text="the path of the detachment, or of a unit above"
    )
    name = models.CharField(max_length=80, default="", help_text="as names are compared: plain_name")
    pinyin = models.CharField(max_length=80, default="", help_text="how the name sounds: wangxiulan")
    initials = models.CharField(max_length=20, default="", help_text="of its syllables: wxl")

    class Meta:
        indexes = [
            models.Index(fields=["unit_path", "id"], name="roster_order"),
            *(
                models.Index(
                    fields=["county", field],
                    name=f"roster_{field}",
                    opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                )
                for field in ("name", "pinyin", "initials")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "seat"], name="membership_seat_once"),
            models.UniqueConstraint(fields=["volunteer", "unit"], name="membership_once"),
            models.UniqueConstraint(
                fields=["volunteer"], condition=Q(is_primary=True), name="membership_one_primary"
            ),
        ]
