"""What tests of imports share."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backend.rosters.models import RosterImport
from backend.rosters.services.import_files import import_file
from tests.conftest import Formation


@pytest.fixture
def bring(formation: Formation, imports_folder: None, at: datetime) -> Callable[..., RosterImport]:
    """Return what imports a file into the brigade."""

    def act(path: Path, **options: Any) -> RosterImport:
        unit = options.pop("unit", formation.brigade)
        return import_file(path, unit=unit, name="Autumn", by=None, at=at, **options)

    return act
