"""A next version that adds, renames and drops: what the release does not survive is seen in what it answers."""

from pathlib import Path

import psycopg
import pytest

from simulator.processes import ROOT
from tests.upgrade.conftest import Filled
from tests.upgrade.force import Force
from tests.upgrade.version import Version

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

NEXT = "tests.upgrade.next_version.settings"


def test_release_survives_what_is_safe_and_is_seen_to_fail_at_the_rest(
    old: Version, filled: Filled, tmp_path: Path
) -> None:
    """After each unsafe step its harm alone is undone, so that the next one is seen by itself."""
    after = Version(ROOT, {**old.environment, "DJANGO_SETTINGS_MODULE": NEXT}, tmp_path / "next")
    old.start("web")
    force = Force.sign_all_in(filled.signs_in, old.port("web"))
    after.migrate_to("dispatch", "0901_adds")
    assert force.faults() == []
    after.migrate_to("dispatch", "0902_drops_what_is_not_used")
    assert force.faults() == []

    after.migrate_to("dispatch", "0903_adds_without_default")
    assert "POST tasks: 500" in force.faults()
    _change(old, "ALTER TABLE dispatch_task ALTER urgency SET DEFAULT 0")
    assert force.faults() == []

    task = force.order("Before it is renamed")
    after.migrate_to("dispatch", "0904_renames")
    assert {"POST tasks: 500", "GET me/inbox: 500"} <= set(force.faults())
    assert force.ask("GET", f"tasks/{task}", by="leader").status == 500
    _change(old, "ALTER TABLE dispatch_task RENAME place TO place_name")
    assert force.faults() == []

    after.migrate_to("dispatch", "0905_drops")
    assert {"POST tasks: 500", "GET me/inbox: 500"} <= set(force.faults())
    assert force.ask("GET", f"tasks/{task}", by="leader").status == 500
    assert [line for line in old.complaints() if "instructions" in line]


def _change(version: Version, statement: str) -> None:
    with psycopg.connect(version.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())
