"""Files that users uploaded: each beside what the check of an import is to say of it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from backend.lib.encryption import unseal
from backend.rosters.models import ImportStatus, Newcomer, RosterImport
from backend.rosters.queries.imports import import_out, whole_report
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import receive_import
from backend.volunteers.models import Skill, Unit
from tests.conftest import Formation

FOLDER = Path(__file__).parent
EXPECTED = sorted(FOLDER.glob("*.json"))
FOUND = ("counted", "people", "rows", "skills", "born", "ignored", "sheets", "notes")


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.stem)
def test_file_is_understood_or_the_check_says_what_is_not(
    expected: Path, formation: Formation, at: datetime
) -> None:
    wanted = json.loads(expected.read_text())
    (file,) = [path for path in FOLDER.glob(f"{expected.stem}.*") if path != expected]

    batch, refused = checked(file, formation, at)

    assert refused.startswith(wanted["refused"]) if "refused" in wanted else refused == ""
    shown = shown_of(batch) if batch else {}
    assert {what: shown[what] for what in FOUND if what in wanted} == {
        what: wanted[what] for what in FOUND if what in wanted
    }
    assert "notes" in wanted or not shown or shown["notes"] == []


def checked(file: Path, formation: Formation, at: datetime) -> tuple[RosterImport | None, str]:
    """Upload a file into the county and check it; return the import, and why it was refused."""
    try:
        received = receive_import(
            id=uuid7(), unit=formation.detachment, name="x", path=file, file_name="x", by=None, at=at
        )
    except UnreadableRoster as refusal:
        return None, refusal.detail
    batch = work_on(received.pk)
    assert batch.status in (ImportStatus.CHECKED, ImportStatus.FAILED)
    return batch, batch.failure


def shown_of(batch: RosterImport) -> dict[str, Any]:
    people = list(Newcomer.objects.filter(batch=batch).select_related("unit").order_by("row"))
    skills = {str(skill.pk): skill.code for skill in Skill.objects.all()}
    units: dict[str, str] = dict(Unit.objects.values_list("number", "display_name"))
    told = import_out(batch)
    return {
        "counted": [told.rows_total, told.rows_left_out],
        "people": [
            [each.name, unseal(each.phone_sealed, "phone"), each.unit.display_name] for each in people
        ],
        "skills": [[each.name, *(skills[id] for id in each.skills.split(",") if id)] for each in people],
        "born": [[each.name, each.born_on and each.born_on.isoformat()] for each in people],
        "ignored": told.ignored_columns,
        "sheets": [[sheet.name, sheet.fate, units.get(sheet.unit, "")] for sheet in told.sheets],
        "notes": [[note.code, note.sheet, note.where] for note in told.notes],
        "rows": [
            [at(row.sheet, row.cell), row.outcome, row.code]
            + ([at(row.earlier_sheet or "", str(row.earlier_row))] if row.earlier_row else [])
            for row in whole_report(batch)
        ],
    }


def at(sheet: str, cell: str) -> str:
    return f"{sheet}!{cell}" if sheet else cell
