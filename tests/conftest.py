"""The people and the place that tests speak of."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts import guests
from backend.accounts.models import Platform, User
from backend.accounts.schemas.sign_in import DeviceIn, Tokens
from backend.accounts.services import devices
from backend.audit.services.linking import forget_heads
from backend.joining.services import transfers
from backend.realtime import pace
from backend.realtime.log import bus
from backend.realtime.models import Event
from backend.volunteers.models import Role
from backend.volunteers.principals import forget_lines
from tests import lock_order, one_publish, prepared
from tests.builders import (
    PASSWORD,
    Formation,
    MakeVolunteer,
    factory_of_volunteers,
    make_formation,
    posted,
)
from tests.own_flush import flush_quickly

__all__ = ["PASSWORD", "Formation", "MakeVolunteer", "factory_of_volunteers", "make_formation", "posted"]

hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what developers may ask of every test."""
    parser.addoption(
        "--every-cell", action="store_true", help="try every act in every cell of the permissions"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch every act. Give each worker of a parallel run a cache and a bus of its own: Redis publishes to all."""
    lock_order.watch()
    one_publish.watch()
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    layers: dict[str, dict[str, Any]] = settings.CHANNEL_LAYERS
    if worker and "CONFIG" in layers["default"]:
        own = f"{worker}.{connection.settings_dict['NAME']}"  # another step has workers of the same names
        layers["default"]["CONFIG"]["prefix"] += f".{own}"
        settings.CACHES["default"] |= {"BACKEND": "tests.own_cache.OwnCache", "KEY_PREFIX": own}


QUICK_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Argon2 is slow on purpose, and tests sign in all the time."""


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Copy the tables that were made once for all workers."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = prepared.tables(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End what threads of the last tests still hold: PostgreSQL drops no database that is in use."""
    flush_quickly()
    yield
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    """Passwords are hashed quickly; no static files have been collected."""
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    settings.WHITENOISE_AUTOREFRESH = True
    cache.clear()
    forget_lines()
    forget_heads()
    pace.acts.clear()
    guests.requests.clear()
    guests.guesses.clear()
    transfers.asked.clear()


@pytest.fixture(autouse=True)
def _silence() -> None:
    """Let the bus say what the test before has committed: it would be heard by the sockets of this one."""
    sender = bus._the_sender
    if sender is not None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(sender.queue.join(), sender.loop).result(5)


@pytest.fixture
def imports_folder(tmp_path: Path, settings: Any) -> None:
    """Keep uploads of this test apart."""
    settings.IMPORTS_FOLDER = str(tmp_path / "imports")


@pytest.fixture(autouse=True)
def _in_lock_order() -> Iterator[None]:
    """Fail when an act has locked rows in another order than all others; seen on PostgreSQL."""
    lock_order.breaches.clear()
    yield
    assert lock_order.breaches == []


@pytest.fixture(autouse=True)
def _published_once_and_last() -> Iterator[None]:
    """Fail when a transaction has published twice, or went on after it."""
    one_publish.breaches.clear()
    yield
    assert one_publish.breaches == []


@pytest.fixture
def at() -> datetime:
    """Return the moment of the test."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def formation(db: None) -> Formation:
    """Make a formation with at least one unit of every level."""
    return make_formation()


@pytest.fixture
def make_volunteer(db: None, at: datetime) -> MakeVolunteer:
    """Return the factory of volunteers."""
    return factory_of_volunteers(at)


@pytest.fixture
def commander(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the commander of the detachment; a member of it, off duty."""
    return posted(make_volunteer(formation.detachment, on_duty=False, name="指挥员"), Role.COMMANDER, at)


@pytest.fixture
def leader(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the leader of squadron A; a member of it, off duty."""
    return posted(make_volunteer(formation.squadron_a, on_duty=False, name="队长甲"), Role.LEADER, at)


@pytest.fixture
def sibling_leader(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the leader of squadron B, in the same brigade; a member of it, off duty."""
    return posted(make_volunteer(formation.squadron_b, on_duty=False, name="队长乙"), Role.LEADER, at)


@pytest.fixture
def volunteer(formation: Formation, make_volunteer: MakeVolunteer) -> User:
    """Make a member of squadron A: adult, on duty."""
    return make_volunteer(formation.squadron_a, name="王大妈").user


@pytest.fixture
def outsider(formation: Formation, make_volunteer: MakeVolunteer) -> User:
    """Make a member of squadron C, in the other brigade: adult, on duty."""
    return make_volunteer(formation.squadron_c, name="外人").user


@pytest.fixture
def stranger(make_volunteer: MakeVolunteer) -> User:
    """Make a volunteer in no unit at all, off duty."""
    return make_volunteer(None, on_duty=False, name="陌生人").user


class SignedInClient(APIClient):
    """A client with the access token of a real device, `tokens`."""

    tokens: Tokens


@pytest.fixture
def client_of(at: datetime) -> Callable[[User], SignedInClient]:
    """Return the maker of signed-in clients; each call is a device of its own."""

    def sign_in(user: User) -> SignedInClient:
        client = SignedInClient()
        device = DeviceIn(id=uuid7(), name="phone", platform=Platform.ANDROID)
        client.tokens = devices.sign_in(user=user, device=device, at=at).tokens
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {client.tokens.access}")
        return client

    return sign_in


Announced = tuple[str, str, dict[str, Any]]


class Published:
    """What stands in the event log, as (topic, type, data), in the order it was written."""

    def __call__(self, topic: str = "", type: str = "") -> list[Announced]:
        """Return the events, of topics that begin with `topic` and of one `type` if given."""
        rows = Event.objects.order_by("pk").filter(topic__name__startswith=topic)
        if type:
            rows = rows.filter(type=type)
        return list(rows.values_list("topic_id", "type", "data"))

    def __iter__(self) -> Iterator[Announced]:
        return iter(self())

    def __len__(self) -> int:
        return len(self())

    def __getitem__(self, index: int) -> Announced:
        return self()[index]

    def __eq__(self, other: object) -> bool:
        return self() == other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return repr(self())


@pytest.fixture
def published(request: pytest.FixtureRequest) -> Published:
    """Return what was published so far in this test; read from the log each time."""
    if "transactional_db" not in request.fixturenames:
        request.getfixturevalue("db")
    return Published()


class Race(Protocol):
    """Runs acts at the same moment, each in a thread with its own connection; returns results or exceptions."""

    def __call__(self, *acts: Callable[[], Any]) -> list[Any]: ...


@pytest.fixture
def race(transactional_db: None) -> Race:
    """Return a way to use real threads and real locks; only on PostgreSQL, where rows are locked one by one."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")

    def run(*acts: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(acts))

        def one(act: Callable[[], Any]) -> Any:
            start.wait()
            try:
                return act()
            except Exception as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(one, acts))

    return run
