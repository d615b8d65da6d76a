"""Knows who is signed in on one browser: one person uses it, others of the phone stay signed in beside."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest

from backend.accounts.authentication import page_device
from backend.accounts.models import MOST_OF_PHONE, Device
from backend.lib.errors import NotSignedIn

_KEPT = "people"
"""In the session: the accounts and devices of those who stay signed in beside, those who came last at the end."""


def device_here(request: HttpRequest) -> Device | None:
    """Return the device of the person who uses the browser, with user and volunteer; None: the page is signed out."""
    return _live(request.user.pk, request.session.get("device"))


def others_here(request: HttpRequest) -> list[Device]:
    """Return the devices of people who are signed in beside, with users and volunteers; not of those that ended."""
    kept = request.session.get(_KEPT, [])
    found = [_live(user, device) for user, device in kept[: MOST_OF_PHONE - 1]]
    return [device for device in found if device]


def keep_others(request: HttpRequest, devices: Sequence[Device]) -> None:
    """Let these people stay signed in beside, in a session that has begun anew."""
    request.session[_KEPT] = [[device.user_id, str(device.pk)] for device in devices]
    if any(device.lasts_long for device in devices):
        request.session.set_expiry(int(settings.MUSTER.idle_without_post.total_seconds()))


def _live(user_id: int | None, device: object) -> Device | None:
    try:
        return page_device(user_id or 0, device)
    except NotSignedIn:
        return None
