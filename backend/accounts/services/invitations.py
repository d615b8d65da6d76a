"""People sign in for the first time by a code on paper."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts import codes, hooks
from backend.accounts.acting import Act, acting
from backend.accounts.acts import Acts
from backend.accounts.events import InvitationAccepted
from backend.accounts.locks import accounts_to_lock, lock_devices
from backend.accounts.models import Invitation, SignedOutBy, User
from backend.accounts.passwords import require_good_password
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import revoke_others, signed_in_before, signed_in_once
from backend.accounts.services.once import given_once
from backend.accounts.services.passwords import set_password
from backend.accounts.services.second_factors import end_challenges, forget_second_factor
from backend.accounts.tokens import DeviceTokens
from backend.lib.errors import CredentialsWrong
from backend.realtime import keys

GOOD_FOR = timedelta(days=30)


@transaction.atomic
def make_codes(by_post: Mapping[int, int | None], *, by: User | None, at: datetime) -> dict[int, str]:
    """Make a code for each account, by its key; the ones that they had are void. Locks the accounts.

    `by_post` has the key of the post by which each is invited; None where an operator invites.
    """
    list(accounts_to_lock().filter(pk__in=by_post).order_by("pk"))
    Invitation.objects.unused().filter(user__in=by_post).update(replaced_at=at)
    made = {user: codes.printed_code() for user in by_post}
    Invitation.objects.bulk_create(
        Invitation(
            user_id=user,
            code_key=codes.key_of(code, "invitation"),
            made_by=by,
            by_post=by_post[user],
            made_at=at,
            expires_at=at + GOOD_FOR,
        )
        for user, code in made.items()
    )
    return made


def invitation_opens(user: User | None, code: str, *, at: datetime) -> bool:
    """Tell whether this is the person's invitation, still good, and one that its maker could still make.

    Where there is no such person the database is asked as well, so that the time does not tell.
    """
    invitation = (
        Invitation.objects.open_(at)
        .select_related("made_by", "user__volunteer")
        .filter(user=user.pk if user else 0, code_key=codes.key_of(code, "invitation"))
        .first()
    )
    return invitation is not None and _still_invites(invitation, at)


def _still_invites(invitation: Invitation, at: datetime) -> bool:
    """Tell whether the inviter could invite the person now, and holds the post by which it was done; operators do.

    Otherwise a slip would open an account to a leader who has lost every right over its person.
    """
    inviter, post = invitation.made_by, invitation.by_post
    if inviter is None:
        return True
    if post is None or not inviter.is_active:
        return False
    return hooks.still_invites(inviter, post, invitation.user, at)


@transaction.atomic
def accept_invitation(*, user: User, code: str, password: str, at: datetime) -> User:
    """Spend an invitation, which has been checked, for a password; returns the account as it is now.

    The holder of the slip is the person: what was set up before (devices, second factor, sign-ins that wait) ends, and
    the devices are told. What is sealed of the person stays masked for some days, for others have seen the slip.
    Locks the user: of two who show the code at once one gets in. Raises CredentialsWrong, or Invalid with the rules
    that the password breaks.
    """
    with acting(by=user, at=at) as act:
        return _accept(user, code, password, act)


def _accept(user: User, code: str, password: str, act: Act) -> User:
    lock_devices([user.pk])
    user = User.objects.select_related("volunteer").get(pk=user.pk)  # as it is under the lock
    if not invitation_opens(user, code, at=act.at):
        raise CredentialsWrong
    open_one = user.invitations.unused().select_related("made_by__volunteer").get()
    require_good_password(user, password, field="password")
    made_by = hooks.number_of(open_one.made_by)
    open_one.save(update_fields=open_one.use(at=act.at))
    set_password(user, password, at=act.at)
    act.record(Acts.INVITATION_ACCEPTED, f"user.{user.pk}")
    end_challenges(user, act.at)
    accepted = InvitationAccepted(made_by=f"{made_by:08d}" if made_by else None)
    act.tell(hooks.inbox_of(user), accepted)
    revoke_others(user, keep=None, reason=SignedOutBy.INVITATION, act=act)
    forget_second_factor(user, reason="signed in by an invitation", act=act)
    return user


@transaction.atomic
def sign_in_by_invitation(
    *, user: User, code: str, password: str, device: DeviceIn, at: datetime
) -> DeviceTokens:
    """Accept an invitation and sign a device in. Raises what `accept_invitation` raises, or DeviceTaken.

    The same device again, for minutes, gets tokens of the same sign-in: the password has been checked.
    """
    once = _once(user, code, device.id)
    accounts_to_lock().get(pk=user.pk)
    if again := signed_in_before(once, at=at):
        return again
    with acting(by=user, at=at) as act:
        account = _accept(user, code, password, act)
        return signed_in_once(account, device, once, act)[0]


def has_accepted(user: User | None, code: str, device_id: UUID, *, at: datetime) -> bool:
    """Tell whether this device has accepted this invitation minutes ago, and is signed in by it."""
    return signed_in_before(_once(user, code, device_id), at=at) is not None


def _once(user: User | None, code: str, device_id: UUID) -> keys.Asked:
    return given_once(hooks.number_of(user), "invitation", device_id, codes.plain(code))
