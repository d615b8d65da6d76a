"""Signs devices in, renews their tokens, and signs them out."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from backend.accounts import hooks
from backend.accounts.acting import Act, acting
from backend.accounts.acts import Acts
from backend.accounts.forgotten import is_forgotten_renewal
from backend.accounts.locks import accounts_to_lock, devices_to_end, devices_to_lock
from backend.accounts.models import Device, Platform, SignedOutBy, TrustedDevice, User
from backend.accounts.schemas.sign_in import DeviceIn, Tokens
from backend.accounts.tokens import Claims, DeviceTokens, read_refresh, tokens_for
from backend.lib import clock
from backend.lib.errors import CredentialsWrong, NotSignedIn, Refusal, TokenExpired, require
from backend.lib.texts import as_line
from backend.realtime import keys
from backend.realtime.log import epochs

PREVIOUS_GOOD_FOR = timedelta(seconds=60)
"""A phone that asks twice because the first answer is slow may show a new token before its second question comes."""

REASONS = {
    SignedOutBy.SIGNED_OUT: "signed out",
    SignedOutBy.OWNER: "revoked by its owner",
    SignedOutBy.PASSWORD: "password changed",
    SignedOutBy.INVITATION: "signed in by an invitation",
    SignedOutBy.MERGED: "the record was merged into another",
    SignedOutBy.OLD_TOKEN: "an old refresh token was used",
    SignedOutBy.LEADER: "signed out by a leader",
    SignedOutBy.CODE: "a code for a lost phone was used",
    SignedOutBy.POST: "the person received a post",
}
"""What the record says of each."""


class DeviceTaken(Refusal):
    """This device id belongs to another account; make a new one and sign in again."""

    slug = "device-taken"
    text = _("This device is known under another account. Sign in again.")


@transaction.atomic
def sign_in(*, user: User, device: DeviceIn, at: datetime) -> DeviceTokens:
    """Register the device, or sign it in anew; the password has been checked.

    Signing in again on the same device ends its earlier sign-in: tokens and sockets, also those of a page. Raises
    DeviceTaken.
    """
    with acting(by=user, at=at) as act:
        row = _signed_in(user, device, act)
    return _with_tokens(row, user, at)


@transaction.atomic
def sign_in_once(
    *, user: User, device: DeviceIn, once: keys.Asked, at: datetime
) -> tuple[DeviceTokens, bool]:
    """Do as `signed_in_once` does, in an act of its own."""
    with acting(by=user, at=at) as act:
        return signed_in_once(user, device, once, act)


def signed_in_once(
    user: User, device: DeviceIn, once: keys.Asked, act: Act, *, introduced: bool = False
) -> tuple[DeviceTokens, bool]:
    """Sign a device in once for what it has shown, or for its key; returns its tokens, and whether it had been before.

    Then they are made anew, for the sign-in that the first request began. Raises NotSignedIn when that has ended since,
    DeviceTaken, KeyUsedOtherwise.
    """
    claim = keys.claim(once, at=act.at, kept=keys.BRIEFLY)
    if not claim.is_new:
        return _required(_tokens_anew(claim.row.made, act.at)), True
    row = _signed_in(user, device, act, introduced=introduced)
    keys.note(claim.row.pk, made=f"{row.pk.hex} {row.session.hex}")
    return _with_tokens(row, user, act.at), False


def signed_in_before(once: keys.Asked, *, at: datetime) -> DeviceTokens | None:
    """Return fresh tokens of a sign-in that may not have heard of its own; None when it was none, or has ended."""
    row = keys.find(once, at=at)
    return _tokens_anew(row.made, at) if row else None


def _tokens_anew(made: str, at: datetime) -> DeviceTokens | None:
    """Return tokens of the sign-in that an earlier request began, unless it was ended or another has begun."""
    device, session = made.split()
    live = Device.objects.of_open_accounts().select_related("user__volunteer")
    found = live.filter(pk=device, session=session).first()
    return _with_tokens(found, found.user, at) if found else None


def _required(tokens: DeviceTokens | None) -> DeviceTokens:
    if tokens is None:
        raise NotSignedIn("This sign-in has ended since: sign in again, with a new key.")
    return tokens


def _with_tokens(device: Device, user: User, at: datetime) -> DeviceTokens:
    tokens, user.introduced = tokens_for(device, number=hooks.number_of(user), at=at), device.introduced
    return DeviceTokens(user, tokens, device.introduced)


def _signed_in(user: User, device: DeviceIn, act: Act, *, introduced: bool = False) -> Device:
    """Register a device, or sign it in anew. Raises CredentialsWrong when the password was changed meanwhile.

    It takes the place of the person's other device of the same installation, if there is one; other people's stay.
    """
    require_as_checked(user)
    replaced = _of_installation(user, device)
    row, is_new = _locked_device(user, device, act.at)
    if row.user_id != user.pk:
        raise DeviceTaken
    if not is_new and row.revoked_at is None:
        act.end_session(row.session)
    row.name, row.platform, row.last_seen_at = device.name, device.platform, act.at
    row.installation = device.installation
    row.sign_in_anew(introduced=introduced, lasts_long=not hooks.holds_post(user, act.at))
    row.save()
    act.record(Acts.DEVICE_SIGNED_IN, f"device.{row.pk}")
    hooks.device_signed_in(device=row, act=act)
    if replaced:
        _revoke_among(replaced, user, reason=SignedOutBy.SIGNED_OUT, act=act)
    return row


def _of_installation(user: User, device: DeviceIn) -> list[UUID]:
    """Return the person's devices of an installation but this one; all of the person's are locked, in their order."""
    if device.installation is None:
        return []
    devices = devices_to_end(user).values()
    return [one.pk for one in devices if one.installation == device.installation and one.pk != device.id]


@transaction.atomic
def register_page_device(*, user: User, name: str = "", at: datetime) -> Device:
    """Make the device that stands for a browser's session. Locks the account."""
    accounts_to_lock().get(pk=user.pk)  # a post that is given at this moment sees the device, or is seen
    with acting(by=user, at=at) as act:
        return page_signed_in(user, name, act)


def page_signed_in(user: User, name: str, act: Act, *, introduced: bool = False) -> Device:
    """Make the device of a browser's session for a locked account."""
    device = Device.objects.create(
        pk=UUID(str(uuid7())),
        user=user,
        name=as_line(name)[:80],
        platform=Platform.WEB,
        created_at=act.at,
        last_seen_at=act.at,
        introduced=introduced,
        lasts_long=not hooks.holds_post(user, act.at),
    )
    act.record(Acts.DEVICE_SIGNED_IN, f"device.{device.pk}")
    hooks.device_signed_in(device=device, act=act)
    return device


def refresh_tokens(*, refresh: str, at: datetime) -> Tokens:
    """Spend a refresh token for a new pair.

    The token before the last is good until a token of the last pair has been shown, and for a minute at least. It
    returns the last pair again, as the answer may have been lost. A token that a restored database has forgotten is
    good too. Any other token was stolen, or was spent by a thief: the device is revoked. Raises NotSignedIn; a revoked
    device is told what ended it.
    """
    claims = read_refresh(refresh)
    tokens = _rotate(claims, at) or _rotate(claims, at, epoch_begun_at=epochs.begun_at())
    if tokens is None:  # raised out here: the revocation has to be committed
        _revoke_stolen(claims, at)
        raise NotSignedIn(because=_what_ended(claims))
    return tokens


@transaction.atomic
def _rotate(claims: Claims, at: datetime, epoch_begun_at: datetime | None = None) -> Tokens | None:
    """Return new tokens, or None when there are none to be had. Locks the device.

    With `epoch_begun_at` it also asks whether a restore has forgotten the token; the first attempt does not ask.
    """
    device = devices_to_lock(_of_claims(claims)).select_related("user__volunteer").first()
    if device is None:
        return None
    if at >= claims.issued_at_moment + clock.passing(device.lifetime):
        raise TokenExpired  # it was made to last longer than its person's post allows
    if claims.token_id == device.refresh_id:
        _spend(device, claims, at)
    elif _is_retry(device, claims, at):
        pass
    elif epoch_begun_at and is_forgotten_renewal(device, claims, epoch_begun_at):
        _spend(device, claims, at)
        with acting(by=None, at=at) as act:
            act.record(Acts.DEVICE_RECOGNISED, f"device.{device.pk}")
    else:
        return None
    return tokens_for(device, number=hooks.number_of(device.user), at=at)


def _spend(device: Device, claims: Claims, at: datetime) -> None:
    """Rotate the token that was shown: another follows it. The same token again is a retry."""
    device.previous_refresh_id, device.refresh_id = claims.token_id, uuid.uuid4().hex
    device.rotated_at, device.pair_arrived = at, False
    prolonged = device.prolong(lasts_long=not hooks.holds_post(device.user, at), at=at)
    device.save(update_fields=["previous_refresh_id", "refresh_id", "rotated_at", "pair_arrived", *prolonged])


@transaction.atomic
def _revoke_stolen(claims: Claims, at: datetime) -> None:
    """Revoke the device for which an old refresh token was shown, as long as it is signed in as it was then."""
    shown = _of_claims(claims).select_related("user").first()
    device = devices_to_end(shown.user).get(shown.pk) if shown else None
    if shown and device and device.session == claims.session:
        with acting(by=None, at=at) as act:
            _revoke_among([device.pk], shown.user, reason=SignedOutBy.OLD_TOKEN, act=act)


def _what_ended(claims: Claims) -> str:
    """Return what ended the sign-in of a genuine token: for example an invitation that another person accepted."""
    ended = Device.objects.revoked().filter(pk=claims.device, session=claims.session, user_id=claims.user_id)
    return ended.values_list("revoked_because", flat=True).first() or ""


def _of_claims(claims: Claims) -> QuerySet[Device]:
    return Device.objects.of_open_accounts().filter(pk=claims.device, session=claims.session)


def _is_retry(device: Device, claims: Claims, at: datetime) -> bool:
    if claims.token_id != device.previous_refresh_id or device.rotated_at is None:
        return False
    return not device.pair_arrived or at - device.rotated_at <= PREVIOUS_GOOD_FOR


def note_arrival(shown: Mapping[UUID, datetime]) -> None:
    """Note for devices, by their id, that tokens of the pair that was made at a moment are in use: one statement.

    A device that has rotated again since is left alone.
    """
    made = Q(*((Q(pk=device) & Q(rotated_at=at)) for device, at in shown.items()), _connector=Q.OR)
    Device.objects.filter(made, pair_arrived=False).update(pair_arrived=True)


@transaction.atomic
def sign_out(*, device_id: UUID, by: User, at: datetime) -> None:
    """End a device's tokens and sockets."""
    with acting(by=by, at=at) as act:
        end_device(device_id, by, act=act)


@transaction.atomic
def revoke_device(*, device_id: UUID, by: User, at: datetime) -> None:
    """End another device of one's own, for example a lost phone."""
    with acting(by=by, at=at) as act:
        _revoke_among([device_id], by, reason=SignedOutBy.OWNER, act=act)


def end_device(device_id: UUID, user: User, *, act: Act) -> None:
    """End the tokens and sockets of a device on which a person signs out."""
    _revoke_among([device_id], user, reason=SignedOutBy.SIGNED_OUT, act=act)


def revoke_others(user: User, *, keep: UUID | None, reason: SignedOutBy, act: Act) -> int:
    """End all devices of a person but one, or all of them; returns how many."""
    ended = [device for device in devices_to_end(user) if device != keep]
    if ended:
        _revoke_among(ended, user, reason=reason, act=act)
    return len(ended)


def require_as_checked(user: User) -> None:
    """Lock an account; raise CredentialsWrong unless it is open and its password the one that was checked before."""
    stored = accounts_to_lock().get(pk=user.pk)
    require(stored.is_active and stored.password == user.password, CredentialsWrong)


@transaction.atomic
def prolong_page_device(*, device_id: UUID, at: datetime) -> None:
    """Count the time of a page from now: its session has begun anew."""
    Device.objects.not_revoked().filter(pk=device_id).update(last_seen_at=at)


@transaction.atomic
def prolong_long_page(*, device_id: UUID, at: datetime) -> bool:
    """Count the time of a page from now, where it lasts long; returns whether it does. Locks the device."""
    live = Device.objects.of_open_accounts().filter(pk=device_id)
    device = devices_to_lock(live).select_related("user__volunteer").first()
    if device is None or hooks.holds_post(device.user, at):
        return False
    device.save(update_fields=device.prolong(lasts_long=True, at=at))
    return True


def end_easy_sign_ins(user: User, *, act: Act) -> None:
    """End the sign-ins of a person who receives a post that would not have lived with one; the others stay.

    These are introduced, or have been idle for longer than people with a post may be. The others live from now on as
    those of people with a post. Open codes are void. The account is locked.
    """
    user.sign_in_codes.unused().update(replaced_at=act.at)
    devices = devices_to_end(user)
    ended = [key for key, device in devices.items() if device.needs_no_post(act.at)]
    user.devices.filter(lasts_long=True).exclude(pk__in=ended).update(lasts_long=False)
    if ended:
        _revoke_among(ended, user, reason=SignedOutBy.POST, act=act)


def end_introduced(user: User, *, act: Act) -> None:
    """End the sign-ins that another person has seen: their person asks for more from now on. The account is locked."""
    ended = [key for key, device in devices_to_end(user).items() if device.introduced]
    if ended:
        _revoke_among(ended, user, reason=SignedOutBy.OWNER, act=act)


def _revoke_among(ids: Collection[UUID], user: User, *, reason: SignedOutBy, act: Act) -> None:
    """End some devices of a person. Locks all of the person's, and tells the rooms above. Raises NotFound."""
    devices = devices_to_end(user)
    require(devices.keys() >= set(ids))
    for id in ids:
        _revoke(devices[id], reason, act)
    hooks.devices_signed_out(user=user, act=act)


def _revoke(device: Device, reason: SignedOutBy, act: Act) -> None:
    device.save(update_fields=device.revoke(at=act.at, because=reason))
    if (
        reason != SignedOutBy.SIGNED_OUT
    ):  # a person who signs out on their own phone needs no more than the password the next day
        TrustedDevice.objects.filter(device=device).delete()
    act.end_session(device.session)
    act.record(Acts.DEVICE_REVOKED, f"device.{device.pk}", reason=REASONS[reason])


def _locked_device(user: User, device: DeviceIn, at: datetime) -> tuple[Device, bool]:
    """Return the device, locked, and whether it is new."""
    return devices_to_lock().get_or_create(
        pk=device.id,
        defaults={"user": user, "platform": device.platform, "created_at": at, "last_seen_at": at},
    )
