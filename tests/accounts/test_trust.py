"""Devices that are trusted: what opens without the second factor, and what does not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from uuid6 import uuid7

from backend.accounts.models import Device, SecondFactor, TrustedDevice, User
from backend.accounts.services import second_factors
from backend.accounts.services.devices import revoke_device, sign_out
from backend.accounts.services.trust import is_trusted, trust_device
from backend.audit.models import Entry
from backend.lib.clock import now
from tests.accounts.second_factors import code_of, set_up, show_code, sign_in
from tests.conftest import SignedInClient

ClientOf = Callable[[User], SignedInClient]


def trusted_device(user: User) -> tuple[str, str]:
    """Sign a device in with the second factor; return its id and its secret."""
    device = str(uuid7())
    challenge = sign_in(user, device).json()["second_factor"]["challenge"]
    answer = show_code(challenge, code_of(user, now()), device)
    assert answer.status_code == 200
    assert answer.json()["me"]["number"] == f"{user.volunteer.number:08d}"
    return device, answer.json()["trust_secret"]


def test_code_signs_in_and_the_device_is_asked_no_more(leader: User, at: datetime) -> None:
    set_up(leader, at)
    device, secret = trusted_device(leader)

    again = sign_in(leader, device, secret)

    assert (again.status_code, again.json()["trust_secret"]) == (200, None)
    assert sign_in(leader, str(uuid7())).status_code == 401
    TrustedDevice.objects.update(until=at - timedelta(seconds=1))
    assert sign_in(leader, device, secret).status_code == 401


def test_nothing_but_the_secret_of_the_device_opens_without_the_second_factor(
    leader: User, sibling_leader: User, at: datetime
) -> None:
    """Neither what operators see, nor what tokens and the record name, nor the secret of another device."""
    set_up(leader, at)
    set_up(sibling_leader, at)
    device, secret = trusted_device(leader)
    _, others = trusted_device(sibling_leader)
    row = Device.objects.get(pk=device)
    kept = TrustedDevice.objects.get(device=row)
    seen = [
        device,
        str(row.session),
        row.refresh_id,
        kept.secret_key,
        others,
        secret[:-1],
        secret.upper(),
        "",
        None,
    ]

    assert [sign_in(leader, device, guess).status_code for guess in seen] == [401] * len(seen)
    assert sign_in(leader, str(uuid7()), secret).status_code == 401
    assert sign_in(leader, device, secret).status_code == 200
    assert secret not in str(TrustedDevice.objects.values())
    assert secret not in str(Entry.objects.values())


def test_secret_of_a_trusted_device_is_another_each_time(leader: User, at: datetime) -> None:
    set_up(leader, at)
    device, first = trusted_device(leader)
    challenge = sign_in(leader, device).json()["second_factor"]["challenge"]
    second = show_code(challenge, set_up_again(leader, at), device).json()["trust_secret"]

    assert first != second
    assert len(second) >= 43  # 256 bits
    assert sign_in(leader, device, first).status_code == 401
    assert sign_in(leader, device, second).status_code == 200


def set_up_again(user: User, at: datetime) -> str:
    """Return a recovery code: the one of the authenticator has been shown."""
    SecondFactor.objects.update(last_step=0)
    made = second_factors.renew_recovery_codes(code=code_of(user, at), device_id=uuid7(), by=user, at=at)
    return made.codes[0]


def test_second_step_that_is_repeated_tells_a_secret_that_opens(leader: User, at: datetime) -> None:
    set_up(leader, at)
    device = str(uuid7())
    challenge = sign_in(leader, device).json()["second_factor"]["challenge"]
    code = code_of(leader, now())
    show_code(challenge, code, device)  # the answer is lost

    again = show_code(challenge, code, device).json()["trust_secret"]

    assert show_code(challenge, code, device, trust=False).json()["trust_secret"] is None
    assert sign_in(leader, device, again).status_code == 200


def test_device_that_sets_the_authenticator_up_is_trusted(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(leader)
    secret = client.post("/api/v1/me/second-factor").json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    told = client.post("/api/v1/me/second-factor/confirm", code, format="json").json()["trust_secret"]

    assert sign_in(leader, str(Device.objects.get().pk), told).status_code == 200


def test_device_is_not_trusted_when_it_is_shared(leader: User, at: datetime) -> None:
    recovery, device = set_up(leader, at), str(uuid7())
    challenge = sign_in(leader, device).json()["second_factor"]["challenge"]

    answer = show_code(challenge, recovery[0], device, trust=False)

    assert (answer.status_code, answer.json()["trust_secret"]) == (200, None)
    assert not TrustedDevice.objects.exists()
    assert sign_in(leader, device).status_code == 401


def test_trust_of_one_persons_device_is_not_anothers(
    leader: User, sibling_leader: User, client_of: ClientOf, at: datetime
) -> None:
    set_up(leader, at)
    client_of(sibling_leader)
    device = Device.objects.get(user=sibling_leader).pk

    assert trust_device(device_id=device, by=leader, at=at) is None
    secret = trust_device(device_id=device, by=sibling_leader, at=at)

    assert not is_trusted(secret, leader, device_id=device, at=at)
    assert not is_trusted(secret, leader, device_id=None, at=at)
    assert is_trusted(secret, sibling_leader, device_id=device, at=at)


def test_device_signed_out_from_afar_is_trusted_no_more_but_one_signed_out_by_hand_is(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    set_up(leader, at)
    lost, kept = client_of(leader), client_of(leader)
    lost_id, kept_id = (
        next(UUID(one["id"]) for one in client.get("/api/v1/me/devices").json() if one["current"])
        for client in (lost, kept)
    )
    secrets = [trust_device(device_id=device, by=leader, at=at) for device in (lost_id, kept_id)]

    revoke_device(device_id=lost_id, by=leader, at=at)
    sign_out(device_id=kept_id, by=leader, at=at)

    assert not is_trusted(secrets[0], leader, device_id=lost_id, at=at)
    assert is_trusted(secrets[1], leader, device_id=kept_id, at=at)
