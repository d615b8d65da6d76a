"""The task and the people that doors are tried with."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from backend.volunteers.models import Role
from tests.builders import factory_of_volunteers, make_formation, posted
from tests.conftest import QUICK_HASHERS
from tests.contract.doors import World, long_sign_ins, make_world
from tests.lock_order import block_of_test


@pytest.fixture(autouse=True)
def _folder_of_uploads(settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_FOLDER = str(tmp_path / "imports")


@pytest.fixture(scope="module")
def kept_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Make the world once for all tests of a module, in a transaction that is rolled back after the last."""
    with django_db_blocker.unblock(), block_of_test():
        with override_settings(PASSWORD_HASHERS=QUICK_HASHERS), long_sign_ins():
            world = new_world()
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def world(kept_world: World, db: None) -> World:
    """Return a called task of squadron A and all around it; what the test changes is undone."""
    return deepcopy(kept_world)


def new_world() -> World:
    """Make a called task of squadron A and all around it."""
    at = datetime.now(UTC).replace(microsecond=0)
    formation, make = make_formation(), factory_of_volunteers(at)
    leader = posted(make(formation.squadron_a, on_duty=False, name="队长甲"), Role.LEADER, at)
    sibling = posted(make(formation.squadron_b, on_duty=False, name="队长乙"), Role.LEADER, at)
    people = {
        "volunteer": make(formation.squadron_a, name="王大妈").user,
        "leader": leader,
        "sibling": sibling,
        "outsider": make(formation.squadron_c, name="外人").user,
        "stranger": make(None, on_duty=False, name="陌生人").user,
    }
    return make_world(formation, make, people, at)
