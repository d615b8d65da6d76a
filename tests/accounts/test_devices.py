"""Devices that several threads sign in or refresh at the same time."""

from collections.abc import Callable
from datetime import datetime

import pytest
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import DeviceTaken, refresh_tokens, sign_in
from backend.lib.errors import NotSignedIn
from tests.conftest import MakeVolunteer, Race, SignedInClient


@pytest.mark.postgres
def test_device_signed_in_at_the_same_time_by_two_people_belongs_to_one(
    race: Race, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    device = DeviceIn(id=uuid7())
    users = [make_volunteer(None).user for _ in range(2)]

    answers = race(*[lambda user=user: sign_in(user=user, device=device, at=at) for user in users])

    assert [isinstance(answer, DeviceTaken) for answer in answers].count(True) == 1
    assert Device.objects.count() == 1


@pytest.mark.postgres
def test_refresh_asked_twice_at_the_same_time_gives_the_same_token(
    race: Race,
    make_volunteer: MakeVolunteer,
    client_of: Callable[[User], SignedInClient],
    at: datetime,
) -> None:
    first = client_of(make_volunteer(None).user).tokens.refresh

    pairs = race(*[lambda: refresh_tokens(refresh=first, at=at) for _ in range(4)])

    assert len({pair.refresh for pair in pairs}) == 1
    assert Device.objects.get().revoked_at is None


@pytest.mark.postgres
def test_stolen_refresh_token_revokes_once_among_threads(
    race: Race,
    make_volunteer: MakeVolunteer,
    client_of: Callable[[User], SignedInClient],
    at: datetime,
) -> None:
    first = client_of(make_volunteer(None).user).tokens.refresh
    second = refresh_tokens(refresh=first, at=at).refresh
    refresh_tokens(refresh=second, at=at)

    answers = race(*[lambda: refresh_tokens(refresh=first, at=at) for _ in range(4)])

    assert all(isinstance(answer, NotSignedIn) for answer in answers)
    assert Device.objects.get().revoked_at == at
