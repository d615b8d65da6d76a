"""Occasions, and the papers that hold for many people at once: policies, briefings, signed lists, attested ages."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.encryption import LOOKUP_CHARACTERS, seal, unseal
from backend.volunteers.models import Post, Unit, Volunteer

LONGEST_OCCASION = timedelta(days=7)
LONGEST_POLICY = timedelta(days=366)


def _lasts(at: datetime, of: str, ended: str) -> Q:
    """Return the condition on rows of not being over: until `until_at` or the end before it, not at that moment."""
    return Q(Q(**{f"{of}{ended}": None}) | Q(**{f"{of}{ended}__gt": at}), **{f"{of}until_at__gt": at})


def occasion_runs(at: datetime, of: str = "") -> Q:
    """Return the condition on occasions of running at a moment: from `from_at` on, until `until_at` or the closing.

    `of` leads from the rows asked for to the occasion: `occasion__`. So does that of `policy_is_good`.
    """
    return Q(**{f"{of}from_at__lte": at}) & _lasts(at, of, "closed_at")


def policy_is_good(at: datetime, of: str = "") -> Q:
    """Return the condition on policies of insuring at a moment, wherever they do."""
    return Q(**{f"{of}from_at__lte": at}) & _lasts(at, of, "ended_at")


class OccasionQuerySet(models.QuerySet["Occasion"]):
    """Occasions, by when they run."""

    def running(self, at: datetime) -> Self:
        return self.filter(occasion_runs(at))

    def lasting(self, at: datetime) -> Self:
        """Return those that run, or will."""
        return self.filter(_lasts(at, "", "closed_at"))


class Occasion(models.Model):
    """A bounded time and purpose of a unit; every paper of it ends with it."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="occasions")
    name = models.CharField(max_length=80)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True, help_text="closed before its end")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    objects = OccasionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__gt=F("from_at")), name="occasion_ends_after_it_begins"
            )
        ]

    def is_over(self, at: datetime) -> bool:
        """Tell whether the occasion has ended by its time or by closing."""
        return at >= self.until_at or (self.closed_at is not None and at >= self.closed_at)

    def runs(self, at: datetime) -> bool:
        """Tell whether the occasion runs at a moment, as `occasion_runs` asks for many."""
        return self.from_at <= at and not self.is_over(at)

    def close(self, *, at: datetime) -> list[str]:
        """End the occasion; returns the columns to save."""
        self.closed_at = at
        return ["closed_at"]


class DeskQuerySet(models.QuerySet["Desk"]):
    """Desks, by whether they are open."""

    def named(self) -> Self:
        """Return those that were not ended."""
        return self.filter(ended_at=None)


class Desk(models.Model):
    """A post that the commander of an occasion has named to enter its papers, and to attest ages."""

    occasion = models.ForeignKey(Occasion, on_delete=models.CASCADE, related_name="desks")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="desks")
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = DeskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "post"], condition=Q(ended_at__isnull=True), name="desk_once"
            )
        ]

    def stop(self, *, at: datetime) -> list[str]:
        """Let the post enter no more; returns the columns to save."""
        self.ended_at = at
        return ["ended_at"]


class PolicyQuerySet(models.QuerySet["Policy"]):
    """Collective policies, by when they are good and what for."""

    def covering(self, at: datetime, *, occasion: object, line: list[str]) -> Self:
        """Return those that insure at a moment in a task of an occasion (its key, or None) by a unit.

        `line` are the paths from the root to that unit. A policy of an occasion insures in that alone, while it runs.
        One without an occasion insures in the tasks of its unit and of all below.
        """
        of_unit = Q(occasion=None, unit__path__in=line)
        if occasion is None:
            return self.filter(of_unit, policy_is_good(at))
        return self.filter(
            of_unit | Q(occasion=occasion) & occasion_runs(at, "occasion__"), policy_is_good(at)
        )


class Policy(models.Model):
    """An accident insurance of many people: of a unit for a time, or of an occasion.

    With `places` it insures so many people; without, those on its list. A desk enters both.
    """

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="policies")
    occasion = models.ForeignKey(Occasion, null=True, on_delete=models.PROTECT, related_name="policies")
    insurer = models.CharField(max_length=80)
    number = models.CharField(max_length=60)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    places = models.PositiveIntegerField(null=True, help_text="people it insures; null: those on its list")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="ended before its time")

    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__gt=F("from_at")), name="policy_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(places__isnull=True) | Q(places__gte=1), name="policy_has_places"
            ),
        ]

    def is_over(self, at: datetime) -> bool:
        """Tell whether the policy has ended by its time, or was ended."""
        return at >= self.until_at or (self.ended_at is not None and at >= self.ended_at)

    def stop(self, *, at: datetime) -> list[str]:
        """End the policy; returns the columns to save."""
        self.ended_at = at
        return ["ended_at"]


class PaperKind(models.TextChoices):
    """What a line of a sheet stands for; the first three are those of a volunteer's own credentials."""

    INSURANCE = "insurance", _("Accident insurance")
    TRAINING = "training", _("Training")
    AGREEMENT = "agreement", _("Written agreement")
    ADULTHOOD = "adulthood", _("Attested age")


class Document(models.TextChoices):
    """What a person showed to prove their age; no copy of it and no number is kept."""

    IDENTITY_CARD = "identity_card", _("Identity card")
    HOUSEHOLD_REGISTER = "household_register", _("Household register")
    PASSPORT = "passport", _("Passport")
    DRIVING_LICENCE = "driving_licence", _("Driving licence")
    SOCIAL_SECURITY_CARD = "social_security_card", _("Social security card")


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Sheets, by how long ago they ended."""

    def ended_before(self, moment: datetime) -> Self:
        """Return those whose occasion, or policy, ended before a moment by its own time."""
        return self.filter(Q(occasion__until_at__lt=moment) | Q(policy__until_at__lt=moment))


class Sheet(models.Model):
    """What a desk has entered at once of many people. Its id is the client's, so a retry is the same sheet."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12, choices=PaperKind.choices)
    occasion = models.ForeignKey(Occasion, null=True, on_delete=models.PROTECT, related_name="sheets")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="sheets")
    content_key = models.CharField(
        max_length=LOOKUP_CHARACTERS,
        help_text="keyed hash of what was sent, to tell a retry from another sheet",
    )
    count = models.PositiveIntegerField(help_text="people on it")
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    post = models.CharField(max_length=40, help_text="the title of the post by which it was entered")
    at = models.DateTimeField()

    objects = SheetQuerySet.as_manager()


class Briefing(models.Model):
    """The training that a sheet stands for: who trained, what about, how long."""

    sheet = models.OneToOneField(Sheet, on_delete=models.CASCADE, primary_key=True, related_name="briefing")
    trainer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="briefings")
    content = models.TextField()
    minutes = models.PositiveSmallIntegerField()


class SignedList(models.Model):
    """The paper with the signatures of all people on a sheet, as a sealed picture."""

    sheet = models.OneToOneField(
        Sheet, on_delete=models.CASCADE, primary_key=True, related_name="signed_list"
    )
    photo_sealed = models.TextField(help_text="a JPEG in base64, sealed")
    with_risk_notice = models.BooleanField(help_text="those who signed have read the notice of the risks")

    @property
    def photo(self) -> str:
        """The picture, a JPEG in base64. Sealed in the database."""
        return unseal(self.photo_sealed, "photo")

    @photo.setter
    def photo(self, photo: str) -> None:
        self.photo_sealed = seal(photo, "photo")


class LineQuerySet(models.QuerySet["Line"]):
    """Lines of sheets, by whether they hold."""

    def not_voided(self) -> Self:
        return self.filter(voided_at=None)

    def of_occasion(self, occasion: object, at: datetime) -> Self:
        """Return those of an occasion (its key) that holds at a moment."""
        return self.not_voided().filter(occasion_runs(at, "occasion__"), occasion=occasion)

    def of_running(self, at: datetime) -> Self:
        """Return those of all occasions that run at a moment, or will."""
        return self.not_voided().filter(_lasts(at, "occasion__", "closed_at"))


class Line(models.Model):
    """One person on a sheet. Kind, occasion and policy are the sheet's: a call-out finds them by one index.

    The database does not check that the volunteer exists: the release before may take an import out, with its people.
    """

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="lines", db_index=False)
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="paper_lines", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=12, choices=PaperKind.choices)
    occasion = models.ForeignKey(
        Occasion, null=True, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    policy = models.ForeignKey(
        Policy, null=True, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    document = models.CharField(max_length=24, choices=Document.choices, blank=True)
    voided_at = models.DateTimeField(null=True)

    objects = LineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "volunteer"], name="line_once"),
            models.UniqueConstraint(
                fields=["policy", "volunteer"], condition=Q(policy__isnull=False), name="insured_once"
            ),
        ]
        indexes = [
            models.Index(fields=["volunteer", "kind", "occasion"], name="line_of"),
            models.Index(fields=["occasion", "kind"], name="line_in_occasion"),
        ]
