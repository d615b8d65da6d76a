"""The formation and its people."""

import hashlib
import secrets
import uuid
from datetime import UTC, date, datetime
from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node

from backend.lib.datum import Datum


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, phone: str | None, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password nobody can sign in with it."""
        user = self.model(phone=phone or None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str | None = None, **fields: Any) -> "User":
        """Make an operator."""
        return self.create_user(phone, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account: signs in by volunteer number or phone."""

    phone = models.CharField(_("phone"), max_length=20, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "phone"


class UnitKind(models.TextChoices):
    """The four levels of the formation under headquarters, and partners' teams beside them."""

    HEADQUARTERS = "headquarters", _("Headquarters")
    CORPS = "corps", _("Corps")
    DETACHMENT = "detachment", _("Detachment")
    BRIGADE = "brigade", _("Brigade")
    SQUADRON = "squadron", _("Squadron")
    PARTNER = "partner", _("Partner organisation")


class Unit(MP_Node):
    """A node of the formation; `path` (materialised) makes a subtree one indexed range."""

    kind = models.CharField(max_length=20, choices=UnitKind.choices)
    number = models.CharField(max_length=10, unique=True, help_text="CCDDBBSSS and its check character")
    official_name = models.CharField(max_length=120)
    display_name = models.CharField(max_length=120)
    brand_name = models.CharField(max_length=120, blank=True)
    division_code = models.CharField(max_length=12, null=True, blank=True, unique=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)

    @property
    def level(self) -> int:
        """0 headquarters … 4 squadron."""
        return int(self.depth) - 1

    @property
    def topic(self) -> str:
        """The topic that everyone in this unit and below is joined to."""
        return f"unit.{self.number}"

    @property
    def line(self) -> list[str]:
        """The paths from the root down to this unit, itself included."""
        return [self.path[:end] for end in range(self.steplen, len(self.path) + 1, self.steplen)]


class Skill(models.Model):
    """A service category or a free qualification."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    is_category = models.BooleanField(default=False)


ADULT_AGE = 18


class Volunteer(models.Model):
    """A person with a number for life."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="volunteer")
    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=80)
    born_on = models.DateField(null=True, blank=True)
    skills = models.ManyToManyField(Skill, blank=True, related_name="+")
    duty_since = models.DateTimeField(null=True)
    duty_until = models.DateTimeField(
        null=True, db_index=True, help_text="duty ends by itself then; null: off duty"
    )

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


class Membership(models.Model):
    """A volunteer belongs to a unit; several units, one of them primary."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    is_primary = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["volunteer", "unit"], name="membership_once"),
            models.UniqueConstraint(
                fields=["volunteer"], condition=Q(is_primary=True), name="membership_one_primary"
            ),
        ]


class Role(models.TextChoices):
    """What a post is for."""

    LEADER = "leader", _("Leader")
    DEPUTY = "deputy", _("Deputy")
    DISPATCHER = "dispatcher", _("Dispatcher")
    COMMANDER = "commander", _("Commander")
    MEMBER = "member", _("Member")


DISPATCHING_ROLES = (Role.LEADER, Role.DEPUTY, Role.DISPATCHER, Role.COMMANDER)


class Post(models.Model):
    """An office in a unit, held for a time; grants flow from it to the unit's subtree."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=12, choices=Role.choices)
    seat = models.PositiveSmallIntegerField(help_text="the NN of CC-DD-BB-SSS-K-NN; the leader's is 01")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "seat"], condition=Q(until_at__isnull=True), name="post_seat_once"
            )
        ]


class Device(models.Model):
    """A phone or browser that signed in; signing out revokes it together with its tokens and sockets."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client at its first start")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80, blank=True)
    platform = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    session = models.UUIDField(default=uuid.uuid4, help_text="one sign-in; tokens of an earlier one are dead")
    refresh_id = models.CharField(max_length=40, blank=True, help_text="the only refresh token that is good")
    previous_refresh_id = models.CharField(
        max_length=40, blank=True, help_text="good until its successor is known to have arrived"
    )
    rotated_at = models.DateTimeField(null=True)
    pair_arrived = models.BooleanField(
        default=True, help_text="whether anybody has shown a token of the present pair"
    )


def hash_of_secret(secret: str) -> str:
    """Return what is kept of a tracker's secret: it is random and long, so that a plain hash tells nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tracker(models.Model):
    """An app of others (OwnTracks, OsmAnd, Traccar Client) that reports its person's positions, and can do no more."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trackers")
    name = models.CharField(max_length=80, blank=True)
    datum = models.CharField(max_length=5)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def datum_name(self) -> Datum:
        """The datum in which the app measures."""
        return cast(Datum, self.datum)


def _new_key() -> bytes:
    return secrets.token_bytes(16)


class NumberCounter(models.Model):
    """How many volunteer numbers were tried so far (one row; its lock is the queue of those who issue).

    The key scatters the numbers. It lives here and not in the settings: another key would issue numbers again that
    somebody already has.
    """

    used = models.PositiveIntegerField(default=0)
    key = models.BinaryField(default=_new_key, max_length=16)
