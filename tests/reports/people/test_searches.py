"""What leaders typed to find somebody on the roster."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.models import User
from backend.rosters.queries.roster import roster_page
from backend.volunteers.models import Membership
from tests.conftest import Formation, MakeVolunteer

FILES = sorted((Path(__file__).parent / "searches").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_people_are_found_by_what_was_typed(
    path: Path, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    reports: list[dict[str, Any]] = json.loads(path.read_text())
    for report in reports:
        make_volunteer(formation.squadron_a, name=report["name"], papers=False, consents=False)

    @cache  # many of them are typed for several people
    def found(typed: str) -> set[str]:
        page = roster_page(formation.squadron_a, by=leader, at=at, search=typed)
        assert page.next is None
        return {row.name for row in page.items}

    missed = [
        (one["name"], typed)
        for one in reports
        for typed in one["found_by"]
        if one["name"] not in found(typed)
    ]
    surplus = [
        (one["name"], typed) for one in reports for typed in one["not_by"] if one["name"] in found(typed)
    ]
    assert (missed, surplus) == ([], [])
    assert Membership.objects.filter(unit=formation.squadron_a).count() > len(reports)
