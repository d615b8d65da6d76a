"""Reads through what people can be reached, and when they were last heard of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from backend.realtime.models import LatestPosition
from backend.volunteers.models import Device, User, Volunteer


@dataclass(frozen=True, slots=True)
class Reach:
    """How many channels a person has, and when a device of theirs or a position was last heard of."""

    channels: int = 0
    last_seen_at: datetime | None = None


def live_devices(at: datetime) -> QuerySet[Device]:
    """Return the devices that are signed in: each is a channel through which its person can be reached."""
    return Device.objects.filter(_is_live(at))


def is_signed_out(user: User, *, at: datetime) -> bool:
    """Tell whether a person was signed in, and is on no device any more; one query."""
    devices = user.devices.aggregate(known=Count("pk"), live=Count("pk", filter=_is_live(at)))
    return bool(devices["known"] and not devices["live"])


def reach_of(people: Collection[Volunteer], *, at: datetime) -> dict[int, Reach]:
    """Return how people can be reached, by their keys; two queries."""
    devices = (
        Device.objects.filter(user__in=[person.user_id for person in people])
        .values("user")
        .annotate(channels=Count("pk", filter=_is_live(at)), seen=Max("last_seen_at"))
        .order_by()
    )
    by_user = {row["user"]: (row["channels"], row["seen"]) for row in devices}
    positions = LatestPosition.objects.filter(person__in=[person.number for person in people])
    by_number = dict(positions.values_list("person", "at"))
    found = {}
    for person in people:
        channels, seen = by_user.get(person.user_id, (0, None))
        moments = [moment for moment in (seen, by_number.get(person.number)) if moment]
        found[person.pk] = Reach(channels, max(moments, default=None))
    return found


def whose_last_device_ran_out(at: datetime) -> QuerySet[Volunteer]:
    """Return the volunteers on duty who were signed in when it began, and are on no device any more."""
    devices = Device.objects.filter(user=OuterRef("user"))
    when_it_began = devices.filter(_is_live(OuterRef("duty_since")))
    return Volunteer.objects.filter(
        Exists(when_it_began), ~Exists(devices.filter(_is_live(at))), duty_until__gt=at
    )


def _is_live(at: datetime | OuterRef) -> Q:
    """Tell whether a device is signed in: until its refresh token runs out, or the session of a page.

    A page's device has no refresh token, and its session is not prolonged by using it.
    """
    token = cast(timedelta, settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])
    session = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    an_app = ~Q(refresh_id="") & Q(last_seen_at__gt=at - token)
    return Q(revoked_at=None) & (an_app | Q(refresh_id="", last_seen_at__gt=at - session))
