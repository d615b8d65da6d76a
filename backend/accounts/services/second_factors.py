"""Sets up the second factor of people, and checks it when they sign in."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from backend.accounts import codes, hooks
from backend.accounts.acting import Act, acting
from backend.accounts.acts import Acts
from backend.accounts.channels import channel_to
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import Challenge, RecoveryCode, SecondFactor, User
from backend.accounts.schemas.second_factors import (
    AuthenticatorOut,
    RecoveryCodes,
    SecondFactorAsked,
    SecondFactorOut,
    Way,
)
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import (
    end_introduced,
    require_as_checked,
    signed_in_before,
    signed_in_once,
)
from backend.accounts.services.once import given_once
from backend.accounts.services.recovery_codes import made_before, make_recovery_codes, take_recovery_code
from backend.accounts.services.refusals import (
    ChallengeOver,
    NoWayToSend,
    SecondFactorConfirmed,
    SecondFactorNeeded,
)
from backend.accounts.services.trust import distrust, is_trusted, secret_anew, trust
from backend.accounts.tokens import DeviceTokens
from backend.lib.errors import Allowance, CredentialsWrong, Invalid, NotFound, Refusal, TooMany
from backend.realtime import keys

logger = logging.getLogger(__name__)
_Of = TypeVar("_Of")

GOOD_FOR = timedelta(minutes=5)
COUNTED_FOR = timedelta(minutes=15)
_COUNTED_FOR_S = int(COUNTED_FOR.total_seconds())
MOST_WRONG = 10
"""Wrong codes of one person in `COUNTED_FOR`, whatever device they come from."""
MOST_CHALLENGES = 20
MOST_SENT = 3
_WRONG = "This code is wrong, or was used before."


# --- one's own ----------------------------------------------------------------------------------------------------


def second_factor_of(user: User, *, at: datetime) -> SecondFactorOut:
    """Return how a person's second factor stands."""
    return SecondFactorOut(
        confirmed=_confirmed(user) is not None,
        asked=_confirmed(user) is not None or _is_required(user, at),
        recovery_codes=user.recovery_codes.unused().count(),
    )


@transaction.atomic
def begin_second_factor(*, by: User, at: datetime) -> AuthenticatorOut:
    """Make a secret for an authenticator, or return the one that waits for its first code.

    Nothing counts before `confirm_second_factor`. Raises SecondFactorConfirmed.
    """
    _lock(by)
    with acting(by=by, at=at) as act:
        return _begin(by, None, act)


def confirm_second_factor(
    *, code: str, device_id: UUID, by: User, at: datetime, is_own: bool = True
) -> RecoveryCodes:
    """Take the first code of the authenticator; from now on it is asked for. Trusts a device of the person's own.

    The same code on the same device again, for minutes, is told the same. Raises Invalid for a wrong code, TooMany,
    NotFound when nothing was begun.
    """
    with transaction.atomic():
        _lock(by)
        if again := made_before(by, code, device_id, at):
            return again
        if _confirmed(by) is not None:
            raise SecondFactorConfirmed
        factor = SecondFactor.objects.filter(user=by, begun_in=None).first()
        if factor is None:
            raise NotFound
        _refuse_after_many(by, at)
        with acting(by=by, at=at) as act:
            if _is_right(_take_authenticator, factor, code, act):
                _confirm(factor, act)
                end_introduced(by, act=act)  # they would hear the codes that are sent
                secret = trust(device_id, by, act=act) if is_own else None
                return make_recovery_codes(by, code, device_id, act, trust_secret=secret)
        _count_wrong(by, at)
    raise _wrong_field()


def remove_second_factor(*, code: str, by: User, at: datetime) -> None:
    """Take the authenticator away, with a code of it or a recovery code; the devices trusted by it are so no more.

    Raises Invalid for a wrong code, TooMany, NotFound when there is none.
    """
    with transaction.atomic(), acting(by=by, at=at) as act:
        if _show_again(by, code, act):
            forget_second_factor(by, reason="removed with a code", act=act)
            return
    raise _wrong_field()


def renew_recovery_codes(*, code: str, device_id: UUID, by: User, at: datetime) -> RecoveryCodes:
    """Make new recovery codes, with a code of the authenticator or one of the old; the old ones are void.

    The same code on the same device again, for minutes, is told the same. Raises Invalid for a wrong code, TooMany,
    NotFound when there is no authenticator.
    """
    with transaction.atomic():
        _lock(by)
        if again := made_before(by, code, device_id, at):
            return again
        with acting(by=by, at=at) as act:
            if _show_again(by, code, act):
                return make_recovery_codes(by, code, device_id, act)
    raise _wrong_field()


def forget_second_factor(user: User, *, reason: str, act: Act) -> None:
    """Delete a person's authenticator, recovery codes and trusted devices."""
    distrust(user)
    RecoveryCode.objects.filter(user=user).delete()
    if SecondFactor.objects.filter(user=user).delete()[0]:
        act.record(Acts.SECOND_FACTOR_REMOVED, f"user.{user.pk}", reason=reason)


# --- signing in ---------------------------------------------------------------------------------------------------


def require_second_factor(
    *, user: User, device_id: UUID | None, trust_secret: str | None = None, at: datetime
) -> None:
    """Raise SecondFactorNeeded unless the password, which has been checked, is enough; or TooMany.

    A person with an authenticator is asked, unless the device shows that it is trusted; with SECOND_FACTOR_REQUIRED
    so is every holder of a post of deputy or above.
    """
    if not (_confirmed(user) or _is_required(user, at)) or is_trusted(
        trust_secret, user, device_id=device_id, at=at
    ):
        return
    raise SecondFactorNeeded(_challenge(user, device_id, at))


@transaction.atomic
def _challenge(user: User, device_id: UUID | None, at: datetime) -> SecondFactorAsked:
    require_as_checked(user)
    _refuse_after_many(user, at)
    _refuse_beyond(Allowance("sign-ins", MOST_CHALLENGES, _COUNTED_FOR_S), user, at, wrong=0)
    challenge = Challenge.objects.create(
        pk=uuid4(), user=user, from_device=device_id, made_at=at, expires_at=at + GOOD_FOR
    )
    return SecondFactorAsked(
        challenge=challenge.pk, ways=_ways(challenge, at), expires_at=challenge.expires_at
    )


@transaction.atomic
def challenge_by_id(*, challenge_id: UUID, at: datetime) -> SecondFactorAsked:
    """Return what a sign-in waits for, for a page that is shown again. Raises ChallengeOver."""
    challenge = _open(challenge_id, at)
    return SecondFactorAsked(
        challenge=challenge.pk, ways=_ways(challenge, at), expires_at=challenge.expires_at
    )


@transaction.atomic
def begin_in_sign_in(*, challenge_id: UUID, at: datetime) -> AuthenticatorOut:
    """Make the secret of an authenticator for a person who has to set one up to sign in.

    Raises ChallengeOver, and NotFound if the person has another way: a caller with the password alone must not choose
    the second factor.
    """
    challenge = _open(challenge_id, at)
    if _ways(challenge, at) != ["set_up"]:
        raise NotFound
    with acting(by=challenge.user, at=at) as act:
        return _begin(challenge.user, challenge.pk, act)


@transaction.atomic
def send_code(*, challenge_id: UUID, at: datetime) -> None:
    """Send a code to the person who signs in, by the first channel that reaches them; the one before is void.

    At most three for each sign-in. Raises ChallengeOver, TooMany, NoWayToSend.
    """
    challenge = _open(challenge_id, at)
    channel = channel_to(challenge.user, besides=challenge.from_device, at=at)
    if channel is None:
        raise NoWayToSend
    if challenge.sent >= MOST_SENT:
        limit = Allowance("sent-codes", MOST_SENT, int(GOOD_FOR.total_seconds()))
        raise _too_many(challenge.expires_at - at, limit)
    code = codes.sent_code()
    challenge.code_key, challenge.sent_at, challenge.sent = _sent_key(challenge, code), at, challenge.sent + 1
    challenge.save(update_fields=["code_key", "sent_at", "sent"])
    with acting(by=None, at=at) as act:
        channel.send_code(challenge.user, code, expires_at=challenge.expires_at, act=act)
        act.record(Acts.CODE_SENT, f"user.{challenge.user_id}")


def sign_in_with_code(
    *, challenge_id: UUID, code: str, device: DeviceIn, is_own: bool, at: datetime
) -> DeviceTokens:
    """Sign a device in, once the code is right, in one transaction: otherwise the code is not spent.

    A device of the person's own is trusted, and told its secret. The same device with the same code again, for minutes,
    gets tokens of the same sign-in, and a new secret. Raises what `pass_challenge` raises, or DeviceTaken.
    """
    with transaction.atomic():
        once = _once(challenge_id, code, device.id)
        if again := signed_in_before(once, at=at):
            return replace(again, trust_secret=secret_anew(device.id, at=at) if is_own else None)
        challenge = _open(challenge_id, at)
        with acting(by=challenge.user, at=at) as act:
            if _passes(challenge, code, act):
                made, _ = signed_in_once(challenge.user, device, once, act)
                return replace(made, trust_secret=trust(device.id, made.user, act=act) if is_own else None)
    raise CredentialsWrong(_WRONG)


def pass_challenge(*, challenge_id: UUID, code: str, at: datetime) -> User:
    """Return the user who signs in, if the code is right; the challenge and the code are spent.

    Raises ChallengeOver, CredentialsWrong, TooMany. Locks the user: of two who show the same code at once one gets in.
    """
    with transaction.atomic():
        challenge = _open(challenge_id, at)
        with acting(by=challenge.user, at=at) as act:
            passes = _passes(challenge, code, act)
    if not passes:  # raised out here: that the code was wrong has to be committed
        raise CredentialsWrong(_WRONG)
    return challenge.user


def end_challenges(user: User, at: datetime) -> None:
    """End the sign-ins that wait, for their password is no longer good; the caller has locked the user.

    Their wrong codes stay counted.
    """
    user.challenges.not_over(at).update(expires_at=at)


@transaction.atomic
def forget_challenges(*, at: datetime) -> int:
    """Delete the sign-ins that are over since a day; returns how many."""
    return Challenge.objects.filter(made_at__lt=at - timedelta(days=1)).delete()[0]


# --- steps --------------------------------------------------------------------------------------------------------


def _passes(challenge: Challenge, code: str, act: Act) -> bool:
    """Tell whether the code is right, and spend the challenge; a wrong code is counted."""
    _refuse_after_many(challenge.user, act.at)
    if not _is_right(_take_any, challenge, code, act):
        _count_wrong(challenge.user, act.at)
        return False
    challenge.save(update_fields=challenge.use(at=act.at))
    return True


def _lock(user: User) -> None:
    accounts_to_lock().get(pk=user.pk)


def _once(challenge_id: UUID, code: str, device_id: UUID) -> keys.Asked:
    """Return the key under which the sign-in by this code is kept; locks the user of the challenge."""
    number = hooks.number_of(_lock_owner(challenge_id))
    return given_once(number, "second_factor", device_id, f"{challenge_id.hex} {codes.plain(code)}")


def _lock_owner(challenge_id: UUID) -> User | None:
    owner = Challenge.objects.filter(pk=challenge_id).values("user_id")
    locked = accounts_to_lock().select_related("volunteer")
    return locked.filter(pk__in=owner).first()


def _open(challenge_id: UUID, at: datetime) -> Challenge:
    """Return a challenge that waits, with its user and volunteer; the user is locked, which orders all guesses."""
    _lock_owner(challenge_id)
    challenge = Challenge.objects.open_(at).select_related("user__volunteer").filter(pk=challenge_id).first()
    if challenge is None:
        raise ChallengeOver
    return challenge


def _confirmed(user: User) -> SecondFactor | None:
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


def _is_required(user: User, at: datetime) -> bool:
    return bool(settings.SECOND_FACTOR_REQUIRED) and hooks.needs_second_factor(user, at)


def _begin(user: User, challenge_id: UUID | None, act: Act) -> AuthenticatorOut:
    """Return the secret that was begun in the same place, or a new one.

    A secret begun elsewhere is not shown: a caller with the password alone could have begun it, and would share it.
    """
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is not None and factor.confirmed_at is not None:
        raise SecondFactorConfirmed
    if factor is None or factor.begun_in != challenge_id:
        factor = factor or SecondFactor(user=user)
        factor.made_at, factor.begun_in, factor.secret = act.at, challenge_id, codes.new_secret()
        factor.save()
        act.record(Acts.SECOND_FACTOR_BEGUN, f"user.{user.pk}")
    return _authenticator(factor)


def _ways(challenge: Challenge, at: datetime) -> list[Way]:
    user = challenge.user
    ways: list[Way] = ["authenticator"] if _confirmed(user) else []
    if user.recovery_codes.unused().exists():
        ways.append("recovery_code")
    if channel_to(user, besides=challenge.from_device, at=at) is not None:
        ways.append("sent_code")
    return ways or ["set_up"]


def _is_right(take: Callable[[_Of, str, Act], bool], of: _Of, code: str, act: Act) -> bool:
    """Tell whether a code is right; an error during the check makes it a wrong one, which is counted."""
    try:
        with transaction.atomic():
            return take(of, code, act)
    except Exception:
        logger.exception("a code could not be looked at, and counts as wrong")
        return False


def _take_any(challenge: Challenge, code: str, act: Act) -> bool:
    counts = Q(confirmed_at__isnull=False) | Q(begun_in=challenge.pk)
    factor = SecondFactor.objects.filter(counts, user=challenge.user).first()
    if factor is not None and _take_authenticator(factor, code, act):
        if factor.confirmed_at is None:  # set up during this sign-in
            _confirm(factor, act)
        return True
    if challenge.code_key and challenge.code_key == _sent_key(challenge, code):
        return True
    return take_recovery_code(challenge.user, code, act)


def _take_authenticator(factor: SecondFactor, code: str, act: Act) -> bool:
    step = codes.step_shown(factor.secret, code, at=act.at, after=factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    factor.save(update_fields=["last_step"])
    return True


def _show_again(user: User, code: str, act: Act) -> bool:
    """Take a code from a person who is signed in; a wrong one is counted. Raises NotFound, TooMany."""
    _lock(user)
    factor = _confirmed(user)
    if factor is None:
        raise NotFound
    _refuse_after_many(user, act.at)
    if _is_right(_take_authenticator, factor, code, act) or _is_right(take_recovery_code, user, code, act):
        return True
    _count_wrong(user, act.at)
    return False


def _refuse_after_many(user: User, at: datetime) -> None:
    """Raise TooMany after ten wrong codes in a quarter of an hour. Needs the lock on the user."""
    _refuse_beyond(Allowance("wrong-codes", MOST_WRONG, _COUNTED_FOR_S), user, at, wrong=1)


def _refuse_beyond(limit: Allowance, user: User, at: datetime, *, wrong: int) -> None:
    counted = Challenge.objects.filter(user=user, made_at__gt=at - COUNTED_FOR, wrong=wrong)
    newest = counted.order_by("-made_at").values_list("made_at", flat=True)[: limit.most]
    if len(newest) >= limit.most:
        raise _too_many(newest[limit.most - 1] + COUNTED_FOR - at, limit)


def _count_wrong(user: User, at: datetime) -> None:
    """Count a wrong code at its own moment, in a row that opens no sign-in."""
    Challenge.objects.create(pk=uuid4(), user=user, made_at=at, expires_at=at, wrong=1)


def _too_many(wait: timedelta, limit: Allowance) -> TooMany:
    wait_s = ceil(wait.total_seconds())
    return TooMany("Too many codes; wait and try again.", retry_after_s=wait_s, limit=limit)


def _wrong_field() -> Refusal:
    """Return the refusal of a wrong code for a person who is signed in: 401 would make their app renew its tokens."""
    return Invalid(errors=[{"pointer": "/code", "detail": _WRONG}])


def _sent_key(challenge: Challenge, code: str) -> str:
    return codes.key_of(f"{challenge.pk.hex}{code}", "sign-in code")


def _confirm(factor: SecondFactor, act: Act) -> None:
    factor.confirmed_at = act.at
    factor.save(update_fields=["confirmed_at"])
    act.record(Acts.SECOND_FACTOR_CONFIRMED, f"user.{factor.user_id}")


def _authenticator(factor: SecondFactor) -> AuthenticatorOut:
    uri = codes.authenticator_uri(factor.secret, f"{hooks.number_of(factor.user):08d}")
    return AuthenticatorOut(uri=uri, secret=factor.secret, qr_svg=codes.drawn(uri))
