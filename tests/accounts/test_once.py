"""What is given once may be asked for again, for minutes, by the device that lost the answer, and by no other."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db.models import F
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, RecoveryCode, User
from backend.accounts.services import second_factors
from backend.accounts.services.devices import revoke_device
from backend.audit.models import Entry
from backend.joining.services.invitations import invite
from backend.lib.clock import now
from backend.realtime import keys
from backend.realtime.models import KeyedAct
from tests.accounts.second_factors import code_of, set_up, show_code, sign_in
from tests.conftest import PASSWORD, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
CHOSEN = "eleven green bicycles"
Ask = Callable[[str], Any]
"""Asks as a device."""
Way = Callable[[User, datetime], Ask]


def accept(number: str, code: str, device: str, password: str = CHOSEN) -> Any:
    body = {"number": number, "code": code, "password": password, "device": {"id": device}}
    return APIClient().post("/api/v1/sign-in/invitation", body, format="json")


def enter(identifier: str, device: str, key: Any, password: str = PASSWORD) -> Any:
    body = {"identifier": identifier, "password": password, "device": {"id": device}}
    headers = {"Idempotency-Key": str(key)}
    return APIClient().post("/api/v1/sign-in", body, format="json", headers=headers)


def works(answer: Any) -> bool:
    """Tell whether both tokens of an answer open what they should."""
    access, refresh = answer.json()["access"], answer.json()["refresh"]
    read = APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})
    renewed = APIClient().post("/api/v1/token/refresh", {"refresh": refresh}, format="json")
    return (read.status_code, renewed.status_code) == (200, 200)


def by_invitation(user: User, at: datetime) -> Ask:
    (made,) = invite(volunteers=[user.volunteer], by=None, at=at)
    return lambda device: accept(made.number, made.code, device)


def by_code(user: User, at: datetime) -> Ask:
    set_up(user, at)
    challenge = sign_in(user, str(uuid7())).json()["second_factor"]["challenge"]
    code = code_of(user, now())
    return lambda device: show_code(challenge, code, device)


def by_recovery_code(user: User, at: datetime) -> Ask:
    code = set_up(user, at)[0]
    challenge = sign_in(user, str(uuid7())).json()["second_factor"]["challenge"]
    return lambda device: show_code(challenge, code.lower(), device)


def by_key(user: User, at: datetime) -> Ask:
    key = uuid7()
    return lambda device: enter(f"{user.volunteer.number:08d}", device, key)


def after_minutes() -> None:
    KeyedAct.objects.update(until=F("until") - keys.BRIEFLY)


ALL = pytest.mark.parametrize("way", [by_invitation, by_code, by_recovery_code, by_key])
SPENT = pytest.mark.parametrize("way", [by_invitation, by_code, by_recovery_code])


# --- signing in ---------------------------------------------------------------------------------------------------


@ALL
def test_the_device_that_lost_the_answer_gets_tokens_of_the_same_sign_in(
    volunteer: User, at: datetime, way: Way
) -> None:
    ask, device = way(volunteer, at), str(uuid7())
    first = ask(device)
    session, acts = Device.objects.get(pk=device).session, Entry.objects.count()

    again = ask(device)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["me"] == first.json()["me"]
    assert Device.objects.get(pk=device).session == session
    assert Entry.objects.count() == acts, "nothing was done again"
    read = APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {first.json()['access']}"})
    assert read.status_code == 200, "the first answer may come after all"
    assert works(again)


@ALL
def test_the_answer_is_made_anew_and_nothing_of_it_was_kept(volunteer: User, at: datetime, way: Way) -> None:
    ask, device = way(volunteer, at), str(uuid7())
    first, again = ask(device).json(), ask(device).json()

    kept = str(list(KeyedAct.objects.values()))

    assert first["access"] != again["access"]
    assert not any(answer[token] in kept for answer in (first, again) for token in ("access", "refresh"))


@SPENT
def test_what_was_spent_opens_no_other_device(volunteer: User, at: datetime, way: Way) -> None:
    ask = way(volunteer, at)

    assert [ask(str(uuid7())).status_code for _ in range(3)] == [200, 401, 401]


@SPENT
def test_what_was_spent_is_spent_after_minutes(volunteer: User, at: datetime, way: Way) -> None:
    ask, device = way(volunteer, at), str(uuid7())
    ask(device)
    after_minutes()

    assert ask(device).status_code == 401


@ALL
def test_a_sign_in_that_was_ended_does_not_come_back(volunteer: User, at: datetime, way: Way) -> None:
    ask, device = way(volunteer, at), str(uuid7())
    ask(device)
    revoke_device(device_id=Device.objects.get(pk=device).pk, by=volunteer, at=at)

    assert ask(device).status_code == 401
    assert Device.objects.get(pk=device).revoked_at is not None


@ALL
def test_a_deactivated_account_is_let_in_no_more(volunteer: User, at: datetime, way: Way) -> None:
    ask, device = way(volunteer, at), str(uuid7())
    ask(device)
    User.objects.filter(pk=volunteer.pk).update(is_active=False)

    assert ask(device).status_code == 401


def test_a_repeated_invitation_asks_for_the_password_and_counts_guesses(
    volunteer: User, at: datetime
) -> None:
    (made,) = invite(volunteers=[volunteer.volunteer], by=None, at=at)
    device = str(uuid7())
    accept(made.number, made.code, device)

    guesses = [accept(made.number, made.code, device, f"guess {n}").status_code for n in range(11)]

    assert (set(guesses), guesses[-1]) == ({401, 429}, 429)


def test_a_key_of_a_sign_in_is_of_one_account_and_asks_for_the_password(
    volunteer: User, outsider: User
) -> None:
    device, key = str(uuid7()), uuid7()
    first = enter(f"{volunteer.volunteer.number:08d}", device, key)

    wrong = enter(f"{volunteer.volunteer.number:08d}", device, key, "a guess")
    other = enter(f"{outsider.volunteer.number:08d}", device, key)
    elsewhere = enter(f"{volunteer.volunteer.number:08d}", str(uuid7()), key)

    assert (first.status_code, wrong.status_code, other.status_code) == (200, 401, 409)
    assert other.json()["type"] == "/problems/key-used-otherwise"
    assert (elsewhere.status_code, elsewhere.headers.get("Idempotency-Replayed")) == (200, None)


def test_a_key_of_a_second_factor_is_of_one_code(volunteer: User, at: datetime) -> None:
    set_up(volunteer, at)
    challenge = sign_in(volunteer, str(uuid7())).json()["second_factor"]["challenge"]
    body = {"challenge": challenge, "code": code_of(volunteer, now()), "device": {"id": str(uuid7())}}
    headers = {"Idempotency-Key": str(uuid7())}

    def show(**more: str) -> Any:
        return APIClient().post("/api/v1/sign-in/second-factor", body | more, format="json", headers=headers)

    first, again, other = show(), show(), show(code="123456")

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@ALL
def test_requests_of_one_device_at_once_begin_one_sign_in(
    volunteer: User, at: datetime, way: Way, race: Race
) -> None:
    ask, device = way(volunteer, at), str(uuid7())

    answers = race(*[lambda: ask(device)] * 6)

    assert [answer.status_code for answer in answers] == [200] * 6
    assert works(answers[0])
    assert Entry.objects.filter(act="device.signed_in", subject=f"device.{device}").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@SPENT
def test_of_many_devices_at_once_one_gets_in(volunteer: User, at: datetime, way: Way, race: Race) -> None:
    ask = way(volunteer, at)
    devices = [str(uuid7()) for _ in range(6)]

    answers = race(*[lambda device=device: ask(device) for device in devices])

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5


# --- recovery codes -----------------------------------------------------------------------------------------------


def asked(client: SignedInClient, act: str, code: str) -> Any:
    return client.post(f"/api/v1/me/second-factor/{act}", {"code": code}, format="json")


@pytest.mark.parametrize("act", ["confirm", "recovery-codes"])
def test_recovery_codes_are_told_again_to_the_device_that_asked(
    leader: User, client_of: ClientOf, at: datetime, act: str
) -> None:
    client, elsewhere = client_of(leader), client_of(leader)
    if act == "confirm":
        second_factors.begin_second_factor(by=leader, at=at)
    else:
        set_up(leader, at)
    code = code_of(leader, now())
    first = asked(client, act, code)

    again, other = asked(client, act, code), asked(elsewhere, act, code)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert other.status_code in {409, 422}
    assert RecoveryCode.objects.filter(user=leader).count() == 10
    assert not any(code in str(list(KeyedAct.objects.values())) for code in first.json()["codes"])
    after_minutes()
    assert asked(client, act, code).status_code in {409, 422}


def test_recovery_codes_that_are_void_are_told_no_more(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    set_up(leader, at)
    client, code = client_of(leader), code_of(leader, now())
    spare = asked(client, "recovery-codes", code).json()["codes"][0]
    newer = asked(client, "recovery-codes", spare)

    assert (newer.status_code, asked(client, "recovery-codes", code).status_code) == (200, 422)


# --- passwords ----------------------------------------------------------------------------------------------------


def test_a_repeated_change_of_the_password_is_told_it_was_done(volunteer: User, client_of: ClientOf) -> None:
    client, headers = client_of(volunteer), {"Idempotency-Key": str(uuid7())}

    def change(new: str) -> Any:
        body = {"current": PASSWORD, "new": new}
        return client.post("/api/v1/me/password", body, format="json", headers=headers)

    first, again, other = change(CHOSEN), change(CHOSEN), change("twelve green bicycles")

    assert (first.status_code, again.status_code, other.status_code) == (204, 204, 409)
    assert (again["Idempotency-Replayed"], other.json()["type"]) == ("true", "/problems/key-used-otherwise")
    assert User.objects.get(pk=volunteer.pk).check_password(CHOSEN)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_password_is_changed_once_by_requests_at_once(
    volunteer: User, client_of: ClientOf, race: Race
) -> None:
    client, headers = client_of(volunteer), {"Idempotency-Key": str(uuid7())}
    body = {"current": PASSWORD, "new": CHOSEN}

    answers = race(*[lambda: client.post("/api/v1/me/password", body, format="json", headers=headers)] * 4)

    assert {answer.status_code for answer in answers} <= {204, 422}
    assert Entry.objects.filter(act="password.changed").count() == 1
