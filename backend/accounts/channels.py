"""The ways by which a one-time code reaches a person.

A port: a messaging app or a text message is one more registered class. One channel is always there: the other devices
on which the person is signed in.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from backend.accounts import hooks
from backend.accounts.acting import Act
from backend.accounts.events import SignInCode
from backend.accounts.models import User

SEEN_WITHIN = timedelta(days=30)
"""A device that was not seen for longer is hardly at hand."""


class Channel(Protocol):
    """A way to a person."""

    def reaches(self, user: User, *, besides: UUID | None, at: datetime) -> bool:
        """Tell whether the channel reaches the person elsewhere than on the device that asks."""

    def send_code(self, user: User, code: str, *, expires_at: datetime, act: Act) -> None:
        """Send a code, as a part of the act that stored it."""


class OtherDevices:
    """An event on the person's own topic, for the devices on which they are signed in already."""

    def reaches(self, user: User, *, besides: UUID | None, at: datetime) -> bool:
        """Tell whether there is such a device; one that another person introduced proves nothing."""
        live = user.devices.not_revoked().filter(last_seen_at__gt=at - SEEN_WITHIN, introduced=False)
        return (live.exclude(pk=besides) if besides else live).exists()

    def send_code(self, user: User, code: str, *, expires_at: datetime, act: Act) -> None:
        """Tell the code."""
        act.tell(hooks.inbox_of(user), SignInCode(code=code, expires_at=expires_at))


_channels: list[Channel] = [OtherDevices()]


def register(channel: Channel) -> None:
    """Add a way to people; those that were registered last are tried first."""
    _channels.insert(0, channel)


def channel_to(user: User, *, besides: UUID | None, at: datetime) -> Channel | None:
    """Return the first channel that reaches the person, None when none does."""
    return next((channel for channel in _channels if channel.reaches(user, besides=besides, at=at)), None)
