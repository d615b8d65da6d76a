"""Reads which people have a phone, and the devices on which they are signed in."""

from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import Substr

from backend.accounts.models import Device, User, is_live, phone_keys
from backend.lib.encryption import LOOKUP_CHARACTERS


def people_of_phone(phone: str) -> QuerySet[User]:
    """Return the accounts that share a phone, in its canonical form; none without one.

    The only place that knows how they are found. What is sent to a phone goes to each of them by name.
    """
    # Asks the database the same without a phone, so that the time of a guess does not tell.
    return User.objects.filter(phone_key__in=phone_keys(phone or "none"))


def later_people_of(keys: QuerySet[Any, Any]) -> QuerySet[User]:
    """Return the accounts in the later places of phones, by the `phone_key` of the first ones: one pass over all."""
    family = Substr("phone_key", 1, LOOKUP_CHARACTERS - 2)
    later = User.objects.filter(phone_key__contains="#").annotate(family=family)
    return later.filter(family__in=keys.annotate(family=family).values("family"))


def devices_of(user: User) -> list[Device]:
    """Return the devices on which a user is signed in, the one seen last first."""
    return list(user.devices.not_revoked().order_by("-last_seen_at"))


def live_devices(at: datetime) -> QuerySet[Device]:
    """Return the devices that are signed in: each is a channel through which its person can be reached."""
    return Device.objects.live(at)


def is_signed_out(user: User, *, at: datetime) -> bool:
    """Tell whether a person was signed in, and is on no device any more; one query."""
    devices = user.devices.aggregate(known=Count("pk"), live=Count("pk", filter=is_live(at)))
    return bool(devices["known"] and not devices["live"])
