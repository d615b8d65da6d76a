"""Guessing at the doors of REST that take a secret, by whatever body: ten wrong guesses lock, and none tells more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from asgiref.testing import ApplicationCommunicator
from axes.models import AccessAttempt
from django.db import transaction
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Challenge, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import second_factors
from backend.accounts.services.devices import sign_in
from backend.accounts.services.refusals import SecondFactorNeeded
from backend.joining.services.invitations import invite
from backend.lib.clock import now
from backend.lib.content_policy import NOTHING
from backend.lib.content_types import Handler
from tests import hostile_bodies
from tests.conftest import PASSWORD
from tests.hostile_bodies import Body, as_json

WRONG_PASSWORD, WRONG_CODE = "a wrong guess", "AAAAA-AAAAA"
BOUND = 3
"""Wrong guesses that lock where each of many bodies is tried."""
MANNERS = {**hostile_bodies.JSONS, **hostile_bodies.FORMS}


@dataclass(frozen=True)
class SecretView:
    """A door, what it is sent with a secret in it, the right and a wrong secret, and how it opens."""

    address: str
    fields: Callable[[User, str], dict[str, Any]]
    right: Callable[[User, datetime], str]
    wrong: str = WRONG_PASSWORD
    opens: int = 200
    needs_token: bool = True


def _password(user: User, at: datetime) -> str:
    return PASSWORD


def _invitation(user: User, at: datetime) -> str:
    (made,) = invite(volunteers=[user.volunteer], by=None, at=at)
    return made.code


def _confirmed(user: User, at: datetime) -> str:
    """Return a recovery code: those work once each, whatever the time."""
    before = at - timedelta(minutes=5)
    secret = second_factors.begin_second_factor(by=user, at=before).secret
    made = second_factors.confirm_second_factor(
        code=pyotp.TOTP(secret).at(before), device_id=uuid7(), by=user, at=before
    )
    return made.codes[0]


def _begun(user: User, at: datetime) -> str:
    return pyotp.TOTP(second_factors.begin_second_factor(by=user, at=at).secret).now()


def _number(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def _challenge(user: User) -> str:
    """Begin a sign-in of which the password was right, once for a test."""
    waiting = Challenge.objects.filter(user=user, wrong=0, used_at=None).first()
    if waiting is not None:
        return str(waiting.pk)
    with pytest.raises(SecondFactorNeeded) as needed:
        second_factors.require_second_factor(user=user, device_id=None, at=now())
    return str(needed.value.asked.challenge)


def _device() -> dict[str, str]:
    return {"id": str(uuid7())}


KEY = str(uuid7())
NEW = "eleven green bicycles"
DOORS = [
    SecretView(
        "sign-in",
        lambda user, secret: {"identifier": _number(user), "password": secret, "device": _device()},
        _password,
        needs_token=False,
    ),
    SecretView(
        "sign-in/invitation",
        lambda user, secret: {
            "number": _number(user),
            "code": secret,
            "password": NEW,
            "device": _device(),
        },
        _invitation,
        WRONG_CODE,
        needs_token=False,
    ),
    SecretView(
        "sign-in/second-factor",
        lambda user, secret: {"challenge": _challenge(user), "code": secret, "device": _device()},
        _confirmed,
        WRONG_CODE,
        needs_token=False,
    ),
    SecretView("me/password", lambda user, secret: {"current": secret, "new": NEW}, _password, opens=204),
    SecretView("me/deletion", lambda user, secret: {"password": secret}, _password),
    SecretView("me/second-factor/confirm", lambda user, secret: {"code": secret}, _begun, WRONG_CODE),
    SecretView(
        "me/second-factor/remove", lambda user, secret: {"code": secret}, _confirmed, WRONG_CODE, opens=204
    ),
    SecretView(
        "me/second-factor/recovery-codes", lambda user, secret: {"code": secret}, _confirmed, WRONG_CODE
    ),
]


class Guesser:
    """Tries secrets at a door."""

    def __init__(self, door: SecretView, user: User, at: datetime) -> None:
        self.door, self.user = door, user
        self.key: str | None = None
        self.client = APIClient(raise_request_exception=False)
        if door.needs_token:
            tokens = sign_in(user=user, device=DeviceIn(id=uuid7()), at=at).tokens
            self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")

    def tell(
        self, secret: str, content_type: str = "application/json", body: Body = as_json
    ) -> tuple[int, Any]:
        """Return the status, and what the answer tells."""
        sent: Any = body(self.door.fields(self.user, secret))
        key = {None: {}, "the same": {"Idempotency-Key": KEY}}.get(
            self.key, {"Idempotency-Key": str(uuid7())}
        )
        answer = self.client.generic(
            "POST", f"/api/v1/{self.door.address}", sent, content_type=content_type, headers=key
        )
        told = answer.json() if answer.content else {}
        return answer.status_code, (told.get("type"), told.get("detail"), told.get("errors"))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.address)
def test_no_body_is_a_way_round_the_bound(
    door: SecretView, volunteer: User, at: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body is refused unread, whatever is in it, or its guesses are counted and lock."""
    settings.AXES_FAILURE_LIMIT = BOUND
    monkeypatch.setattr(second_factors, "MOST_WRONG", BOUND)
    right, guesser = door.right(volunteer, at), Guesser(door, volunteer, at)

    for name, manner in MANNERS.items():
        with transaction.atomic():
            first, counted = guesser.tell(door.wrong, *manner), guesses()
            answers = [guesser.tell(door.wrong, *manner) for _ in range(BOUND if counted else 1)]
            assert guesser.tell(right, *manner) == answers[-1], name
            assert counted or {answers[-1][0], first[0]} <= {400, 413, 415, 422}, name
            assert guesser.tell(right)[0] == (429 if counted else door.opens), name
            kept = str(list(AccessAttempt.objects.values()))
            assert not any(secret in kept for secret in (right, door.wrong)), name
            transaction.set_rollback(True)


def guesses() -> int:
    """Return how many guesses are counted."""
    return AccessAttempt.objects.count() + Challenge.objects.filter(wrong=1).count()


@pytest.mark.parametrize("key", [None, "the same", "another each time"])
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.address)
def test_ten_wrong_guesses_lock(door: SecretView, key: str | None, volunteer: User, at: datetime) -> None:
    right, guesser = door.right(volunteer, at), Guesser(door, volunteer, at)
    guesser.key = key

    assert 429 not in {guesser.tell(door.wrong)[0] for _ in range(9)}
    guesser.tell(door.wrong)
    assert guesser.tell(right)[0] == 429


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json; charset*=zz'en'x",
        b"multipart/form-data; boundary*=undefined''x",
        b"application/json; x*=idna'en'%ff",
        b"application/json; charset=\0",
    ],
)
async def test_headers_that_cannot_be_read_are_a_problem(content_type: bytes) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/sign-in",
        "headers": [(b"content-type", content_type), (b"content-length", b"2")],
    }
    server = ApplicationCommunicator(Handler(), scope)

    await server.send_input({"type": "http.request", "body": b"{}"})
    answer = await server.receive_output(5)

    assert answer["status"] == 400
    told = dict(answer["headers"])
    assert told[b"Content-Type"] == b"application/problem+json"
    assert told[b"Content-Security-Policy"] == NOTHING.encode()
