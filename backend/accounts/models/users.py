"""Accounts, and the devices on which they are signed in."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from backend.lib.encryption import lookup_key, seal, unseal
from backend.lib.phones import canonical, tail

PHONE_TAIL = 4
PHONE_COLUMNS = ("phone_sealed", "phone_key", "phone_tail_key")
"""What is saved of an account whose phone has changed."""
MOST_OF_PHONE = 8
"""People who may share a phone."""


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, phone: str | None, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password it cannot be used to sign in."""
        user = self.new_user(phone, password, **fields)
        user.save(using=self._db)
        return user

    def new_user(self, phone: str | None, password: str | None = None, **fields: Any) -> "User":
        """Return an account that is not saved yet."""
        user = self.model.of_phone(phone, **fields)
        user.set_password(password)
        return user

    def create_superuser(self, phone_key: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account for Django's own command; without a volunteer it cannot sign in (`manage.py operator`)."""
        return self.create_user(phone_key, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account that came first to this phone."""
        return self.get(phone_key=phone_key(canonical(username or "")))


class User(AbstractBaseUser, PermissionsMixin):
    """An account: signs in by volunteer number or phone."""

    phone_sealed = models.CharField(max_length=120, blank=True)
    # One of the `phone_keys`: each is one person's, and a phone has several of them.
    phone_key = models.CharField(
        _("phone"), max_length=32, unique=True, null=True, blank=True, help_text="to find who has a phone"
    )
    phone_tail_key = models.CharField(
        max_length=32, blank=True, help_text="to find who is on a roster by the end of a phone"
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    password_set_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="since when the password is the present one; null: since before this was kept, or by an operator",
    )

    introduced = False
    """Whether another person has seen the code behind the sign-in that asks; it belongs to the request, not the row."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "phone_key"

    class Meta:
        indexes = [models.Index(fields=["phone_tail_key"], name="user_phone_tail")]

    @classmethod
    def of_phone(cls, phone: str | None, **fields: Any) -> "User":
        """Return an account, not saved yet, with a phone or without."""
        user = cls(**fields)
        user.phone = phone or ""
        return user

    def get_short_name(self) -> str:
        """Return the volunteer's number: the operators' site greets by it, and else by the name to sign in."""
        return f"{self.volunteer.number:08d}"

    @property
    def phone(self) -> str:
        """The phone number; empty when there is none. Sealed in the database."""
        return unseal(self.phone_sealed, "phone")

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed, self.phone_key = seal(phone, "phone"), phone_key(phone)
        self.phone_tail_key = phone_tail_key(phone)


def phone_key(phone: str) -> str | None:
    """Return by what the first account with this phone is found; None: an account without a phone."""
    return lookup_key(phone, "phone") if phone else None


def phone_keys(phone: str) -> list[str]:
    """Return the keys of all places on a phone, the first one's first; none for an account without a phone.

    The key of a person who came second ends with the place: `#2` to `#8`. No key of a first person has such a sign, so
    the release before, which knows the first key alone, serves on (ADR 26).
    """
    first = phone_key(phone)
    return [first, *(f"{family_of(first)}#{place}" for place in range(2, MOST_OF_PHONE + 1))] if first else []


def family_of(key: str) -> str:
    """Return what the keys of all places on a phone begin with."""
    return key[:-2]


def phone_tail_key(phone: str) -> str:
    """Return by what an account is found whose phone ends like this one: its last four digits; empty without."""
    last = tail(phone)
    return lookup_key(last, "phone_tail") if last else ""


class Platform(models.TextChoices):
    """What a device says that it runs on."""

    ANDROID = "android"
    IOS = "ios"
    HARMONY = "harmony"
    WEB = "web"
    OTHER = "other"


class SignedOutBy(models.TextChoices):
    """What ended a device."""

    SIGNED_OUT = "signed_out", _("Signed out")
    OWNER = "owner", _("Revoked from another device")
    PASSWORD = "password", _("The password was changed")  # no password
    INVITATION = "invitation", _("An invitation was accepted")
    MERGED = "merged", _("The record was merged into another")
    OLD_TOKEN = "old_token", _("An old token was used")  # no token
    LEADER = "leader", _("Signed out by a leader")
    CODE = "code", _("A code for a lost phone was used")
    POST = "post", _("A post was received")


def is_live(at: datetime | OuterRef) -> Q:
    """Return the condition on devices of being signed in: until the refresh token runs out, or the session of a page.

    A page's device has no refresh token, and its session is prolonged by use only where the sign-in lasts long.
    """
    app, page = ordinary_lifetimes()
    an_app = ~Q(refresh_id="") & Q(last_seen_at__gt=at - app)
    a_long_one = Q(lasts_long=True, last_seen_at__gt=at - settings.MUSTER.idle_without_post)
    return Q(revoked_at=None) & (an_app | Q(refresh_id="", last_seen_at__gt=at - page) | a_long_one)


def ordinary_lifetimes() -> tuple[timedelta, timedelta]:
    """Return for how long the sign-ins of people with a post live without use: of an app, and of a page."""
    app = cast(timedelta, settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])
    return app, timedelta(seconds=settings.SESSION_COOKIE_AGE)


class DeviceQuerySet(models.QuerySet["Device"]):
    """Devices, by whether they open anything."""

    def not_revoked(self) -> Self:
        """Return those that were not signed out; what they hold may have run out."""
        return self.filter(revoked_at=None)

    def revoked(self) -> Self:
        """Return those that were signed out."""
        return self.exclude(revoked_at=None)

    def over_since(self, moment: datetime) -> Self:
        """Return those that were signed out before a moment."""
        return self.filter(revoked_at__lt=moment)

    def of_open_accounts(self) -> Self:
        """Return those that were not signed out, of accounts that are open."""
        return self.not_revoked().filter(user__is_active=True)

    def live(self, at: datetime) -> Self:
        """Return those that are signed in: each is a channel through which its person can be reached."""
        return self.filter(is_live(at))


class Device(models.Model):
    """A phone or browser that signed in; signing out revokes it together with its tokens and sockets."""

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client at its first start")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80, blank=True)
    platform = models.CharField(max_length=20, choices=Platform.choices)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(
        max_length=12, blank=True, choices=SignedOutBy.choices, help_text="what a device of then is told"
    )
    session = models.UUIDField(default=uuid.uuid4, help_text="one sign-in; tokens of an earlier one are dead")
    refresh_id = models.CharField(max_length=40, blank=True, help_text="the only refresh token that is good")
    previous_refresh_id = models.CharField(
        max_length=40, blank=True, help_text="good until its successor is known to have arrived"
    )
    rotated_at = models.DateTimeField(null=True)
    pair_arrived = models.BooleanField(
        default=True, help_text="whether the device has shown a token of the present pair"
    )

    installation = models.UUIDField(
        null=True,
        help_text="the app on one phone, made by the client: each of its people has a device of their own",
    )
    introduced = models.BooleanField(
        default=False,
        db_default=False,
        help_text="signed in by a code that another person has seen: it answers orders, and decides nothing for good",
    )
    lasts_long = models.BooleanField(
        default=False,
        db_default=False,
        help_text="of a person without rights over others: one use a year is enough",
    )
    renewed_late = models.BooleanField(
        default=False, db_default=False, help_text="lives only because it lasts long: a post ends it"
    )

    objects = DeviceQuerySet.as_manager()

    @property
    def ordinary_lifetime(self) -> timedelta:
        """For how long it would live without use if its person had a post."""
        app, page = ordinary_lifetimes()
        return app if self.refresh_id else page

    @property
    def lifetime(self) -> timedelta:
        """For how long it lives without use."""
        return settings.MUSTER.idle_without_post if self.lasts_long else self.ordinary_lifetime

    def sign_in_anew(self, *, introduced: bool, lasts_long: bool) -> None:
        """Begin another sign-in, whose tokens and rights are its own; the caller saves the row."""
        self.revoked_at, self.revoked_because = None, ""
        self.session, self.refresh_id, self.previous_refresh_id = uuid.uuid4(), uuid.uuid4().hex, ""
        self.introduced, self.lasts_long, self.renewed_late = introduced, lasts_long, False

    def prolong(self, *, lasts_long: bool, at: datetime) -> list[str]:
        """Count its time from now; returns the columns to save."""
        self.renewed_late = self.renewed_late or self._is_late(at)
        self.last_seen_at, self.lasts_long = at, lasts_long
        return ["renewed_late", "last_seen_at", "lasts_long"]

    def needs_no_post(self, at: datetime) -> bool:
        """Tell whether it would not be signed in at all if its person had held a post from the beginning."""
        return self.introduced or self.renewed_late or self._is_late(at)

    def _is_late(self, at: datetime) -> bool:
        since = (
            self.last_seen_at if self.refresh_id else self.created_at
        )  # using a page prolongs no ordinary session
        return at - since > self.ordinary_lifetime

    def revoke(self, *, at: datetime, because: SignedOutBy) -> list[str]:
        """End the device and its tokens; returns the columns to save."""
        self.revoked_at, self.revoked_because = at, because
        self.refresh_id = self.previous_refresh_id = ""
        return ["revoked_at", "revoked_because", "refresh_id", "previous_refresh_id"]
