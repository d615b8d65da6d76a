"""What tests of the second factor share: people who have one, and the two steps of their sign-in."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import SecondFactor, User
from backend.accounts.schemas.second_factors import SecondFactorAsked
from backend.accounts.services import second_factors
from backend.accounts.services.refusals import SecondFactorNeeded
from tests.conftest import PASSWORD


def code_of(user: User, at: datetime) -> str:
    return pyotp.TOTP(SecondFactor.objects.get(user=user).secret).at(at)


def set_up(user: User, at: datetime) -> list[str]:
    """Give a person an authenticator, confirmed a minute ago; return the recovery codes."""
    before = at - timedelta(minutes=1)
    second_factors.begin_second_factor(by=user, at=before)
    made = second_factors.confirm_second_factor(
        code=code_of(user, before), device_id=uuid7(), by=user, at=before
    )
    return made.codes


def asked_of(user: User, at: datetime, device: UUID | None = None) -> SecondFactorAsked:
    with pytest.raises(SecondFactorNeeded) as needed:
        second_factors.require_second_factor(user=user, device_id=device, at=at)
    return needed.value.asked


def sign_in(user: User, device: str, secret: str | None = None) -> Any:
    number = f"{user.volunteer.number:08d}"
    trust = {} if secret is None else {"trust_secret": secret}
    body = {"identifier": number, "password": PASSWORD, "device": {"id": device}, **trust}
    return APIClient().post("/api/v1/sign-in", body, format="json")


def show_code(challenge: str, code: str, device: str, **more: Any) -> Any:
    body = {"challenge": challenge, "code": code, "device": {"id": device}, **more}
    return APIClient().post("/api/v1/sign-in/second-factor", body, format="json")
