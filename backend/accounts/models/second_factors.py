"""What a person proves at sign-in besides the password."""

from datetime import datetime
from typing import Self

from django.db import models

from backend.accounts.models.users import Device, User
from backend.lib.encryption import LOOKUP_CHARACTERS, seal, unseal


class SecondFactor(models.Model):
    """An authenticator app of a person; counts once a code of it has been shown."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret_sealed = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    begun_in = models.UUIDField(
        null=True,
        help_text="the challenge of the sign-in that has to set it up; null: begun by a person who is signed in",
    )
    last_step = models.PositiveBigIntegerField(
        default=0, help_text="the time step of the last code that was taken: each code works once"
    )

    @property
    def secret(self) -> str:
        """What the app computes its codes from, in base32. Sealed in the database."""
        return unseal(self.secret_sealed, "secret")

    @secret.setter
    def secret(self, secret: str) -> None:
        self.secret_sealed = seal(secret, "secret")


class RecoveryCodeQuerySet(models.QuerySet["RecoveryCode"]):
    """Recovery codes, by whether they open."""

    def unused(self) -> Self:
        """Return those that still open."""
        return self.filter(used_at=None)


class RecoveryCode(models.Model):
    """Opens once in place of the authenticator, when its phone is lost."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes", db_index=False)
    code_key = models.CharField(max_length=LOOKUP_CHARACTERS)
    used_at = models.DateTimeField(null=True)

    objects = RecoveryCodeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_key"], name="recovery_code_once")]


class TrustedDevice(models.Model):
    """A device on which the second factor was shown: the password and its secret are enough there for a while."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="trust")
    secret_key = models.CharField(max_length=LOOKUP_CHARACTERS, help_text="stands for the device's secret")
    until = models.DateTimeField()


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    """Sign-ins that were begun, by whether they wait."""

    def not_over(self, at: datetime) -> Self:
        """Return those whose time is not up: until `expires_at`, and not at that moment."""
        return self.filter(expires_at__gt=at)

    def open_(self, at: datetime) -> Self:
        """Return those that wait for the second factor, of accounts that are open."""
        return self.not_over(at).filter(used_at=None, user__is_active=True)


class Challenge(models.Model):
    """A sign-in whose password was right, and which waits for the second factor; or a wrong code, to be counted."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="challenges", db_index=False)
    from_device = models.UUIDField(null=True, help_text="null: a page, which has no device yet")
    made_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    wrong = models.PositiveSmallIntegerField(default=0, help_text="codes that were wrong")
    code_key = models.CharField(
        max_length=LOOKUP_CHARACTERS, blank=True, help_text="stands for the code that was sent last"
    )
    sent_at = models.DateTimeField(null=True)
    sent = models.PositiveSmallIntegerField(default=0, help_text="how many codes were sent")

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "made_at"], name="challenge_of")]

    def use(self, *, at: datetime) -> list[str]:
        """Note that the sign-in is done; returns the columns to save."""
        self.used_at = at
        return ["used_at"]
