"""Volunteers, and the units they belong to."""

from datetime import UTC, date, datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.encryption import LOOKUP_CHARACTERS
from backend.lib.states import Steps, stepped
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

    @classmethod
    def in_service(cls) -> frozenset["Standing"]:
        """Return the standings in which a volunteer may go on duty, and take part."""
        return frozenset((cls.ACTIVE,))

    @property
    def is_in_service(self) -> bool:
        """Tell whether it lets a volunteer go on duty, and take part."""
        return self in Standing.in_service()


_STANDING_STEPS: Steps[Standing] = {
    Standing.ACTIVE: (Standing.SUSPENDED, Standing.RETIRED),
    Standing.SUSPENDED: (Standing.ACTIVE, Standing.SUSPENDED, Standing.RETIRED),
    Standing.RETIRED: (Standing.ACTIVE, Standing.RETIRED),
}


def in_service(of: str = "") -> Q:
    """Return the condition of being neither suspended nor retired.

    `of` leads from the rows asked for to the volunteer: `volunteer__`. So do those below.
    """
    return Q(**{f"{of}standing__in": Standing.in_service()})


IN_SERVICE_SQL = f"v.standing IN ({', '.join(repr(one.value) for one in sorted(Standing.in_service()))})"
NOT_RETIRED_SQL = f"v.standing <> {Standing.RETIRED.value!r}"
"""What `in_service` and `has_not_retired` say, for statements that are written by hand."""


def is_serving(of: str = "") -> Q:
    """Return the condition of being in service with an open account: such a volunteer can be asked, and located."""
    return in_service(of) & Q(**{f"{of}user__is_active": True})


def has_not_retired(of: str = "") -> Q:
    """Return the condition of belonging to one's units still: in service, or suspended."""
    return ~Q(**{f"{of}standing": Standing.RETIRED})


def is_listed(of: str = "") -> Q:
    """Return the condition of standing on rosters, and being counted: not retired, with an open account."""
    return Q(**{f"{of}user__is_active": True}) & has_not_retired(of)


def is_on_duty(at: datetime | OuterRef, of: str = "") -> Q:
    """Return the condition of being on duty: until `duty_until`, and not at that moment."""
    return Q(**{f"{of}duty_until__gt": at})


def has_duty(of: str = "") -> Q:
    """Return the condition of being counted as on duty: some seconds longer, until the clock has ended the duty."""
    return Q(**{f"{of}duty_until__isnull": False})


class VolunteerQuerySet(models.QuerySet["Volunteer"]):
    """Volunteers, by where their service stands."""

    def in_service(self) -> Self:
        return self.filter(in_service())

    def on_duty(self, at: datetime) -> Self:
        return self.filter(is_on_duty(at))

    def on_duty_between(self, since: datetime, until: datetime) -> Self:
        """Return those whose duty, ended by itself or not, reaches into a time; its ends count."""
        return self.filter(duty_until__gte=since, duty_since__lte=until)

    def overlong(self, at: datetime) -> Self:
        """Return those whose duty has run out and has not been ended yet."""
        return self.filter(duty_until__lte=at)

    def suspended_until(self, at: datetime) -> Self:
        """Return those whose suspension has come to its end."""
        return self.filter(standing=Standing.SUSPENDED, standing_until__lte=at)


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

    objects = VolunteerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id_card_key"], name="id_card_once")]
        indexes = [  # without the volunteers who have none, nearly all of them
            models.Index(
                fields=[field], name=f"volunteer_{field}", condition=Q(**{f"{field}__isnull": False})
            )
            for field in ("duty_until", "standing_since", "standing_until", "merged_into")
        ]

    @property
    def topic(self) -> str:
        """This person's inbox."""
        return f"person.{self.number:08d}"

    @property
    def is_in_service(self) -> bool:
        """Tell whether the person is neither suspended nor retired: may go on duty, and take part."""
        return Standing(self.standing).is_in_service

    @property
    def has_retired(self) -> bool:
        return self.standing == Standing.RETIRED

    @property
    def is_suspended(self) -> bool:
        return self.standing == Standing.SUSPENDED

    def suspend(self, *, at: datetime, reason: str, until: datetime | None = None) -> list[str]:
        """Let the service rest, or go on resting for another reason or time; returns the columns to save."""
        return self._stand(Standing.SUSPENDED, at, reason, until)

    def reinstate(self, *, at: datetime) -> list[str]:
        """Take the person back into service; returns the columns to save."""
        return self._stand(Standing.ACTIVE, at)

    def retire(self, *, at: datetime, reason: str = "") -> list[str]:
        """End the service, once more where it had ended; returns the columns to save."""
        return self._stand(Standing.RETIRED, at, reason)

    def close(self, *, into: "Volunteer") -> list[str]:
        """Make the record a part of another record of the same person; returns the columns to save."""
        self.standing = stepped(self, Standing(self.standing), Standing.RETIRED, _STANDING_STEPS)
        self.merged_into = into
        return ["standing", "merged_into", *self.go_off_duty()]

    def go_off_duty(self) -> list[str]:
        """End the duty, if there is one; returns the columns to save."""
        self.duty_since = self.duty_until = None
        return ["duty_since", "duty_until"]

    def _stand(
        self, to: Standing, at: datetime, reason: str = "", until: datetime | None = None
    ) -> list[str]:
        self.standing = stepped(self, Standing(self.standing), to, _STANDING_STEPS)
        self.standing_since, self.standing_reason, self.standing_until = at, reason, until
        return ["standing", "standing_since", "standing_reason", "standing_until"]

    def is_on_duty(self, at: datetime) -> bool:
        """Tell whether the person is on duty at `at`."""
        return self.duty_until is not None and at < self.duty_until

    def is_adult(self, at: datetime) -> bool:
        """Tell whether the person is known to be 18 at `at`; a person without a date of birth is not."""
        return self.born_on is not None and self.born_on <= adult_if_born_until(at)

    def is_known_minor(self, at: datetime) -> bool:
        """Tell whether the person is known to be under 18 at `at`."""
        return self.born_on is not None and not self.is_adult(at)


DUTIES_KEPT = timedelta(days=7)
"""How long the record of a duty is kept: for so long a phone may bring back the fixes that it took on that duty."""


class DutyPeriodQuerySet(models.QuerySet["DutyPeriod"]):
    """Duties that have ended, by when they were."""

    def reaching_into(self, since: datetime, until: datetime) -> Self:
        """Return those that reach into a time; its ends count."""
        return self.filter(until__gte=since, since__lte=until)


class DutyPeriod(models.Model):
    """A duty that has ended, kept for as long as a phone may bring back the fixes that it took then."""

    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="duty_periods", db_index=False
    )
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)

    objects = DutyPeriodQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["volunteer", "until"], name="duty_period_of")]


def adult_if_born_until(at: datetime) -> date:
    """Return the latest date of birth of a person who is 18 at `at`.

    The day is UTC's. In China it begins eight hours late, so no person is taken for an adult too early.
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
    is_employee = models.BooleanField(default=False, db_default=False, help_text="of a partner; no volunteer")
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
