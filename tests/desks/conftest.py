"""A brigade with a duty desk, and people for its plan."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import devices
from backend.desks.models import Desk
from backend.volunteers.models import Role, Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer, posted

PHONE = "057988887777"


@pytest.fixture
def at() -> datetime:
    """Return the moment at which a Tuesday, 3 March, begins in China."""
    return datetime(2015, 3, 2, 16, tzinfo=UTC)


@pytest.fixture
def chief(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the leader of the brigade."""
    return posted(make_volunteer(formation.brigade, on_duty=False, name="大队长"), Role.LEADER, at)


@pytest.fixture
def unit(formation: Formation, at: datetime) -> Unit:
    """Return the brigade, with a desk."""
    Desk.objects.create(unit=formation.brigade, phone=PHONE, made_at=at)
    return formation.brigade


@pytest.fixture
def first(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    """Make a member of a squadron of the brigade."""
    return make_volunteer(formation.squadron_a, name="值班甲")


@pytest.fixture
def second(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    """Make a member of the other squadron of the brigade."""
    return make_volunteer(formation.squadron_b, name="值班乙")


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """Return the maker of clients that are signed in now, long after the moment of the test."""

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        tokens = devices.sign_in(user=user, device=DeviceIn(id=uuid7()), at=datetime.now(UTC)).tokens
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
        return client

    return sign_in
