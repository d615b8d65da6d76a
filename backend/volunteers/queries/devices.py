"""Reads the channels by which people can be reached, and when they were last heard of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from backend.accounts.models import Device, is_live
from backend.volunteers.hooks import last_positions
from backend.volunteers.models import Volunteer


@dataclass(frozen=True, slots=True)
class Reach:
    """How many channels a person has, and when a device of theirs or a position was last heard of."""

    channels: int = 0
    last_seen_at: datetime | None = None


def reach_of(people: Collection[Volunteer], *, at: datetime) -> dict[int, Reach]:
    """Return how people can be reached, by their keys; two queries."""
    devices = (
        Device.objects.filter(user__in=[person.user_id for person in people])
        .values("user")
        .annotate(channels=Count("pk", filter=is_live(at)), seen=Max("last_seen_at"))
        .order_by()
    )
    by_user = {row["user"]: (row["channels"], row["seen"]) for row in devices}
    by_number = last_positions([person.number for person in people])
    found = {}
    for person in people:
        channels, seen = by_user.get(person.user_id, (0, None))
        moments = [moment for moment in (seen, by_number.get(person.number)) if moment]
        found[person.pk] = Reach(channels, max(moments, default=None))
    return found


def whose_last_device_ran_out(at: datetime) -> QuerySet[Volunteer]:
    """Return the volunteers on duty who were signed in when it began, and are signed in on no device now."""
    devices = Device.objects.filter(user=OuterRef("user"))
    when_it_began = devices.filter(is_live(OuterRef("duty_since")))
    return Volunteer.objects.on_duty(at).filter(Exists(when_it_began), ~Exists(devices.filter(is_live(at))))
