"""Sets the passwords that people choose."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.acts import Acts
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import SignedOutBy, User
from backend.accounts.passwords import require_good_password
from backend.accounts.services.devices import revoke_others
from backend.accounts.services.second_factors import end_challenges
from backend.accounts.services.trust import distrust
from backend.lib.errors import Invalid, Refusal, require
from backend.realtime import keys


class PasswordWrong(Refusal):
    """The password is wrong."""

    status = 403
    slug = "password-wrong"
    field = "password"
    text = _("The password is wrong.")


def password_not_own(field: str) -> Refusal:
    """Return the refusal of a password that is not the one of the person who is signed in."""
    return Invalid(errors=[{"pointer": f"/{field}", "detail": "This is not your password."}])


def set_password(user: User, password: str, *, at: datetime) -> None:
    """Give an account a password, however it came; the sealed data of the person is masked for some days.

    The caller who signs in may be the leader who handed out a slip or merged a record. The person has these days to
    notice it.
    """
    user.set_password(password)
    user.password_set_at = at
    user.save(update_fields=["password", "password_set_at"])


def set_hashed_password(user: User, hashed: str, *, at: datetime) -> None:
    """Give a new account the password that its person chose at `at`, before there was an account."""
    user.password, user.password_set_at = hashed, at
    user.save(update_fields=["password", "password_set_at"])


@transaction.atomic
def change_password(
    *, new: str, device_id: UUID, by: User, at: datetime, once: keys.Asked | None = None
) -> None:
    """Set a new password. The present one was checked, and is compared again: of two acts at once one counts.

    Ends the sign-ins of all other devices, and those that wait for a code. With a key it is done once. Raises Invalid
    with the rules that the new one breaks, or for `current` when it was changed meanwhile, KeyUsedOtherwise for a key
    that has set another.
    """
    user = accounts_to_lock().get(pk=by.pk)
    if once is not None and not keys.claim(once, at=at, kept=keys.BRIEFLY).is_new:
        require(user.check_password(new), keys.KeyUsedOtherwise)
        return
    if user.password != by.password:  # the encoded ones: nothing is hashed a second time
        raise password_not_own("current")
    require_good_password(user, new, field="new")
    set_password(user, new, at=at)
    distrust(user, besides=device_id)
    end_challenges(user, at)
    with acting(by=by, at=at) as act:
        act.record(Acts.PASSWORD_CHANGED, f"user.{user.pk}")
        revoke_others(user, keep=device_id, reason=SignedOutBy.PASSWORD, act=act)
