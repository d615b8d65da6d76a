"""Reads where people are signed in."""

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet

from backend.accounts.models import Device, User


def devices_of(user: User) -> list[Device]:
    """Return the devices on which a user is signed in, the one seen last first."""
    return list(Device.objects.filter(user=user, revoked_at=None).order_by("-last_seen_at"))


def live_devices(at: datetime) -> QuerySet[Device]:
    """Return the devices that are signed in: each is a channel through which its person can be reached."""
    return Device.objects.filter(is_live(at))


def is_signed_out(user: User, *, at: datetime) -> bool:
    """Tell whether a person was signed in, and is on no device any more; one query."""
    devices = user.devices.aggregate(known=Count("pk"), live=Count("pk", filter=is_live(at)))
    return bool(devices["known"] and not devices["live"])


def is_live(at: datetime | OuterRef) -> Q:
    """Return the condition of being signed in: until the refresh token runs out, or the session of a page.

    A page's device has no refresh token, and its session is not prolonged by using it.
    """
    token = cast(timedelta, settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])
    session = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    an_app = ~Q(refresh_id="") & Q(last_seen_at__gt=at - token)
    return Q(revoked_at=None) & (an_app | Q(refresh_id="", last_seen_at__gt=at - session))
