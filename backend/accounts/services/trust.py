"""Devices on which the second factor was shown: for a while the password is enough there, with the device's secret."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.acts import Acts
from backend.accounts.models import Device, TrustedDevice, User
from backend.lib.encryption import lookup_key

TRUSTED_FOR = timedelta(days=30)


@transaction.atomic
def trust_device(*, device_id: UUID, by: User, at: datetime) -> str | None:
    """Ask no second factor on this device for 30 days; returns the secret by which it is known then."""
    with acting(by=by, at=at) as act:
        return trust(device_id, by, act=act)


def trust(device_id: UUID, user: User, *, act: Act) -> str | None:
    """Trust a device from now on; returns its secret, which is told this once, or None for another person's device.

    The id of a device is no secret: it stands in tokens and in the record.
    """
    device = Device.objects.filter(pk=device_id, user=user).first()
    if device is None:
        return None
    secret = _new_secret()
    kept = {"secret_key": _key_of(secret), "until": act.at + TRUSTED_FOR}
    TrustedDevice.objects.update_or_create(device=device, defaults=kept)
    act.record(Acts.DEVICE_TRUSTED, f"device.{device_id}")
    return secret


def secret_anew(device_id: UUID, *, at: datetime) -> str | None:
    """Return another secret of a device that is trusted, in place of one that may not have arrived; otherwise None."""
    secret = _new_secret()
    trusted = TrustedDevice.objects.filter(device=device_id, until__gt=at)
    return secret if trusted.update(secret_key=_key_of(secret)) else None


def is_trusted(secret: str | None, user: User, *, device_id: UUID | None, at: datetime) -> bool:
    """Tell whether this is the secret of a device on which the person has shown the second factor lately.

    An app names the device, which must be the same; a page's sign-in has none yet.
    """
    if not secret:
        return False
    trusted = TrustedDevice.objects.filter(secret_key=_key_of(secret), device__user=user, until__gt=at)
    return (trusted.filter(device=device_id) if device_id else trusted).exists()


def distrust(user: User, *, besides: UUID | None = None) -> None:
    """Ask for the second factor again on all devices of a person but one; inside the transaction of an act."""
    trusted = TrustedDevice.objects.filter(device__user=user)
    (trusted.exclude(device_id=besides) if besides else trusted).delete()


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _key_of(secret: str) -> str:
    return lookup_key(secret, "trusted device")
