"""Finds what a restored database has forgotten: tokens given between the backup and the restore."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.accounts.models import Device
from backend.accounts.tokens import Claims
from backend.realtime.log import epochs


def is_forgotten_renewal(device: Device, claims: Claims, epoch_begun_at: datetime) -> bool:
    """Tell whether a refresh token of the device's present sign-in was given after the backup, not spent before it.

    The device may have renewed since its row was saved, and only the end of the row's time is missing. A token that is
    no younger than the row's last renewal was spent by then, and the caller who shows it is a thief.
    """
    is_younger = device.rotated_at is None or claims.issued_at > device.rotated_at.timestamp()
    return is_younger and _was_before(claims, epoch_begun_at)


def forgotten_sign_ins(claims: Sequence[Claims]) -> set[UUID]:
    """Return which sign-ins, of those whose tokens no device holds, may have begun after the backup.

    A sign-in that stands in the database was ended there. Of one that does not, and whose token is older than the
    epoch, nothing tells whether it was ended or forgotten; two queries and the check of the epoch.
    """
    if not claims:
        return set()
    begun_at = epochs.begun_at()
    known = set(
        Device.objects.filter(pk__in=[one.device for one in claims]).values_list("session", flat=True)
    )
    return {one.session for one in claims if one.session not in known and _was_before(one, begun_at)}


def _was_before(claims: Claims, moment: datetime) -> bool:
    """Tell whether a token was given in a second before: the second itself may be one of now."""
    return claims.issued_at < int(moment.timestamp())
