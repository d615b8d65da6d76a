"""Rosters as users sent them: each file beside what is to become of its rows."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.rosters.reading.apart import reading_apart
from backend.rosters.reading.events import PersonFound, TablesFound
from backend.rosters.reading.files import look_at
from backend.rosters.reading.people import Person, RowReader, Surroundings
from backend.rosters.reading.refusals import REASONS, RowRejected

FILES = sorted(
    path for path in (Path(__file__).parent / "rosters").iterdir() if path.suffix in {".csv", ".xlsx"}
)
TODAY = date(2026, 11, 25)
ADULT_IF_BORN_UNTIL = date(2008, 11, 24)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_rows_become_what_stands_beside_the_file(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())

    found = dict(_read(path))

    shown = [_as_far_as(told, found.get(told["row"], {"refused": "nothing"})) for told in expected]
    assert shown == expected
    assert set(found) == {told["row"] for told in expected}
    assert set(_codes(found.values())) <= set(REASONS)


def _read(path: Path) -> list[tuple[int, dict[str, Any]]]:
    units: dict[str, int] = {}
    around = Surroundings(1, units.__getitem__, {}, TODAY, ADULT_IF_BORN_UNTIL)
    seen = look_at(path)
    with reading_apart(path, seen.format, seen.encoding) as events:
        found = list(events)
    ((heading,),) = [event.headings for event in found if isinstance(event, TablesFound)]
    reader = RowReader(heading, around)
    people = [event for event in found if isinstance(event, PersonFound)]
    return [(event.row, _outcome(reader, event.row, event.cells)) for event in people]


def _outcome(reader: RowReader, row: int, cells: Any) -> dict[str, Any]:
    try:
        return _told(reader.read(row, cells))
    except RowRejected as rejected:
        return {"refused": f"{rejected.column}: {rejected.code}"}


def _codes(rows: Iterable[dict[str, Any]]) -> list[str]:
    told = [text for row in rows for text in (row.get("refused", ""), *row.get("remarks", ())) if text]
    return [text.partition(": ")[2] for text in told]


def _told(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "phone": person.phone,
        "born_on": person.born_on.isoformat() if person.born_on else None,
        "remarks": [f"{column}: {code}" for column, code in person.remarks],
    }


def _as_far_as(told: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return of what was found what the file's neighbour speaks of, and a refusal in any case."""
    spoken = {name: found.get(name) for name in told if name in found}
    return {"row": told["row"], **({"refused": found["refused"]} if "refused" in found else {}), **spoken}
