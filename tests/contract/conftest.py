"""The task and the people that doors are tried with."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backend.volunteers.models import User
from tests.conftest import Formation, MakeVolunteer
from tests.contract.doors import World, make_world


@pytest.fixture(autouse=True)
def _folder_of_uploads(settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_FOLDER = str(tmp_path / "imports")


@pytest.fixture
def world(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    volunteer: User,
    leader: User,
    sibling_leader: User,
    outsider: User,
    stranger: User,
    at: datetime,
) -> World:
    """Make a called task of squadron A and everybody around it."""
    people = {
        "volunteer": volunteer,
        "leader": leader,
        "sibling": sibling_leader,
        "outsider": outsider,
        "stranger": stranger,
    }
    return make_world(formation, make_volunteer, people, at)
