"""What tests of imports share."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.models import User
from backend.rosters.models import RosterImport
from backend.rosters.services.import_files import import_file
from backend.volunteers.models import Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.rosters.files import WHOLE, Again, csv_file, id_card, with_card


@pytest.fixture
def bring(formation: Formation, imports_folder: None, at: datetime) -> Callable[..., RosterImport]:
    """Return what imports a file into the brigade."""

    def act(path: Path, **options: Any) -> RosterImport:
        unit = options.pop("unit", formation.brigade)
        return import_file(path, unit=unit, name="Autumn", by=None, at=at, **options)

    return act


@pytest.fixture
def again(formation: Formation, imports_folder: None, tmp_path: Path, at: datetime) -> Again:
    """Return what imports lines as a roster, into the brigade or another unit."""

    def act(
        *lines: list[str], by: User | None = None, unit: Unit | None = None, **options: Any
    ) -> RosterImport:
        path = csv_file(tmp_path, [WHOLE, *lines])
        into = unit or formation.brigade
        return import_file(path, unit=into, name="Spring", by=by, at=at, **options)

    return act


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    """Make a member of squadron A with an identity card."""
    return with_card(make_volunteer(formation.squadron_a, name="王秀蓝"), id_card())
