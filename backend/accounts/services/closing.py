"""Closes accounts: of records that were merged, of volunteers who are erased, of imports that are taken back."""

from collections.abc import Sequence

from django.db import connection

from backend.accounts.acting import Act
from backend.accounts.locks import devices_to_lock
from backend.accounts.models import SignedOutBy, User
from backend.lib.sealed import empty_sealed

_PORTION = 10_000


def close_merged(user: User, *, act: Act) -> None:
    """Close the account of a record that was merged, and end its devices. They are locked."""
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    devices = devices_to_lock(user.devices.not_revoked())
    for device in devices:
        act.end_session(device.session)
    ended = {"revoked_at": act.at, "revoked_because": SignedOutBy.MERGED}
    devices.update(**ended, refresh_id="", previous_refresh_id="")


def erase_account(user: User, *, act: Act) -> None:
    """End the sessions of an account, delete all that belongs to it, and close it without a phone.

    The account stays as the row to which the number leads. It is locked, as are its devices.
    """
    for device in user.devices.not_revoked():
        act.end_session(device.session)
    for rows in (user.recovery_codes, user.challenges, user.invitations, user.sign_in_codes, user.devices):
        rows.all().delete()
    if factor := getattr(user, "second_factor", None):
        factor.delete()
    user.set_unusable_password()
    user.is_active, user.language, user.phone = False, "", ""
    empty_sealed(user)
    user.save()


def delete_accounts(keys: Sequence[int]) -> None:
    """Delete accounts to which nothing refers; raises IntegrityError otherwise.

    By statements of their own: Django would read each account, and all that could refer to it, before.
    """
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _PORTION):
            among = ", ".join(str(int(key)) for key in keys[start : start + _PORTION])
            cursor.execute(f"DELETE FROM accounts_user WHERE id IN ({among})")  # noqa: S608  # whole numbers
