"""People who have no password sign in by a code that a leader reads out or shows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import codes, hooks
from backend.accounts.acting import Act, acting
from backend.accounts.acts import Acts
from backend.accounts.events import DeviceIntroduced
from backend.accounts.locks import accounts_to_lock, lock_devices
from backend.accounts.models import Device, SecondFactor, SignedOutBy, SignInCode, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import (
    page_signed_in,
    revoke_others,
    signed_in_before,
    signed_in_once,
)
from backend.accounts.services.once import given_once
from backend.accounts.services.refusals import HoldsPost, SecondFactorConfirmed
from backend.accounts.services.second_factors import end_challenges
from backend.accounts.tokens import DeviceTokens
from backend.lib.errors import CredentialsWrong, require
from backend.realtime import keys

KIND = "sign-in code"


def make_sign_in_code(user: User, *, by_post: int, ends_others: bool, good_until: datetime, act: Act) -> str:
    """Make a code for a person without a post, in the place of an open one; it is told this once. Locks the account.

    Raises HoldsPost, or SecondFactorConfirmed: a person who has set up more than a password is not let in by less.
    """
    account = accounts_to_lock().get(pk=user.pk)
    require(not hooks.holds_post(account, act.at), HoldsPost)
    require(not _has_second_factor(account), SecondFactorConfirmed)
    account.sign_in_codes.unused().update(replaced_at=act.at)
    code = codes.spoken_code()
    SignInCode.objects.create(
        user=account,
        code_key=codes.key_of(code, KIND),
        made_by=act.by,
        by_post=by_post,
        ends_others=ends_others,
        made_at=act.at,
        expires_at=good_until,
    )
    return code


def code_opens(user: User, code: str, *, at: datetime) -> bool:
    """Tell whether this is the person's code, still good, for an account that a code may open."""
    return bool(opened_by_code([user], code, at=at))


def opened_by_code(users: Sequence[User], code: str, *, at: datetime) -> list[User]:
    """Return whose code this is among people of one name: still good, for an account that a code may open.

    Its maker must still be able to make it. A code is one person's, also where others have the phone. Where there are
    no such people the database is asked as well, so that the time does not tell.
    """
    made = (
        SignInCode.objects.open_(at)
        .select_related("made_by", "user__volunteer")
        .filter(user__in=[user.pk for user in users] or [0], code_key=codes.key_of(code, KIND))
    )
    return [one.user for one in made if _still_opens(one, at)]


def _still_opens(made: SignInCode, at: datetime) -> bool:
    user, maker = made.user, made.made_by
    if hooks.holds_post(user, at) or _has_second_factor(user) or maker is None or not maker.is_active:
        return False
    return hooks.still_invites(maker, made.by_post, user, at)


def _has_second_factor(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


@transaction.atomic
def sign_in_by_code(*, user: User, code: str, device: DeviceIn, at: datetime) -> DeviceTokens:
    """Spend a code, which has been checked, and sign a device in, introduced. Raises CredentialsWrong, DeviceTaken.

    Locks the account: of two devices that show the code at once one gets in, and a post that is given at this moment
    ends the sign-in or refuses it. The same device again, for minutes, gets tokens of the same sign-in.
    """
    once = _once(user, code, device.id)
    lock_devices([user.pk])
    if again := signed_in_before(once, at=at):
        return again
    with acting(by=user, at=at) as act:
        account, spent = _spend(user, code, act)
        made = signed_in_once(account, device, once, act, introduced=True)[0]
        _tell(account, spent, device.id, device.name, act)
        _end_others(account, spent, device.id, act)
    return made


@transaction.atomic
def sign_in_page_by_code(*, user: User, code: str, name: str, at: datetime) -> Device:
    """Do as `sign_in_by_code` does, for the browser that calls itself `name`; returns its device."""
    lock_devices([user.pk])
    with acting(by=user, at=at) as act:
        account, spent = _spend(user, code, act)
        device = page_signed_in(account, name, act, introduced=True)
        _tell(account, spent, device.pk, device.name, act)
        _end_others(account, spent, device.pk, act)
    return device


def has_signed_in(user: User | None, code: str, device_id: UUID, *, at: datetime) -> bool:
    """Tell whether this device has signed in by this code minutes ago, and still is."""
    return signed_in_before(_once(user, code, device_id), at=at) is not None


def _spend(user: User, code: str, act: Act) -> tuple[User, SignInCode]:
    """Spend the code of a locked account; returns the account as it is under the lock."""
    account = User.objects.select_related("volunteer").get(pk=user.pk)
    require(code_opens(account, code, at=act.at), CredentialsWrong)
    spent = account.sign_in_codes.unused().select_related("made_by__volunteer").get()
    spent.save(update_fields=spent.use(at=act.at))
    return account, spent


def _tell(user: User, spent: SignInCode, device: UUID, name: str, act: Act) -> None:
    """Record who had seen the code, and tell the devices on which the person is signed in already."""
    maker = hooks.number_of(spent.made_by)
    number = f"{maker:08d}" if maker else None
    act.record(Acts.SIGN_IN_CODE_USED, f"device.{device}", made_by=number)
    told = DeviceIntroduced(device=device, name=name, made_by=number, introduced_at=act.at)
    act.tell(hooks.inbox_of(user), told)


def _end_others(user: User, spent: SignInCode, device: UUID, act: Act) -> None:
    if spent.ends_others:
        revoke_others(user, keep=device, reason=SignedOutBy.CODE, act=act)


def sign_out_everywhere(user: User, *, act: Act) -> int:
    """End all devices of a person without a post, codes and sign-ins that wait; returns how many devices.

    Locks the account and its devices. Raises HoldsPost.
    """
    lock_devices([user.pk])
    require(not hooks.holds_post(user, act.at), HoldsPost)
    user.sign_in_codes.unused().update(replaced_at=act.at)
    end_challenges(user, act.at)
    return revoke_others(user, keep=None, reason=SignedOutBy.LEADER, act=act)


def _once(user: User | None, code: str, device_id: UUID) -> keys.Asked:
    return given_once(hooks.number_of(user), "sign-in code", device_id, codes.plain(code))
