"""Locks on accounts and their devices. They come before volunteers, counts and topics, in this order everywhere."""

from collections.abc import Collection
from uuid import UUID

from axes.models import AccessAttempt
from django.db.models import QuerySet

from backend.accounts.models import Device, User
from backend.lib.locks import locking


def accounts_to_lock(among: QuerySet[User] | None = None) -> QuerySet[User]:
    """Return accounts that are locked as they are read.

    Acts that hold a volunteer record who did them: that names the account, and does not wait for such a lock.
    """
    return locking(User, among)


def devices_to_lock(among: QuerySet[Device] | None = None) -> QuerySet[Device]:
    """Return devices that are locked as they are read."""
    return locking(Device, among)


def guesses_to_lock(among: QuerySet[AccessAttempt] | None = None) -> QuerySet[AccessAttempt]:
    """Return counted guesses that are locked as they are read; one that was right is deleted."""
    return locking(AccessAttempt, among, deleting=True)


def lock_devices(users: Collection[int]) -> None:
    """Lock accounts, by their keys, and the devices on which they are signed in."""
    list(accounts_to_lock().filter(pk__in=users).order_by("pk"))
    list(devices_to_lock(Device.objects.not_revoked()).filter(user__in=users).order_by("pk"))


def devices_to_end(user: User) -> dict[UUID, Device]:
    """Return a person's devices that are not revoked, by their ids; locked, so that one of them is the last to go."""
    live = devices_to_lock(user.devices.not_revoked()).order_by("pk")
    return {device.pk: device for device in live}
