"""Exports of rosters: logged before the first line leaves."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import Refusal, require
from backend.rosters.acts import Acts
from backend.rosters.queries.exports import ExportedPerson, count_of_people, exported_people
from backend.rosters.reading.files import RosterFormat
from backend.rosters.reading.tables import csv_parts, xlsx_parts
from backend.volunteers.models import LookedAt, Standing, Unit
from backend.volunteers.rules import may_manage
from backend.volunteers.services.access_log import note_access_by_number

MAX_SHEET = 100_000
"""Rows of an exported workbook, which is made whole before it is sent; CSV has no such limit."""


class TooManyForWorkbook(Refusal):
    """A workbook holds at most 100,000 people here; take CSV."""

    slug = "too-many-for-workbook"
    text = _("A workbook holds at most 100,000 people. Take CSV.")


@transaction.atomic
def export_roster(*, unit: Unit, format: str, by: User, at: datetime) -> Iterator[bytes]:
    """Return the file, made while it is read, with the people in the unit and below it whom the caller may see.

    Raises NotFound for a caller who does not look after the unit, TooManyForWorkbook.
    """
    grant = require(may_manage(by, unit, at))
    people = count_of_people(unit)
    if format == RosterFormat.XLSX and people > MAX_SHEET:
        raise TooManyForWorkbook
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.ROSTER_EXPORTED, f"unit.{unit.number}", format=format, people=people)
    # Texts are translated now: parts are made in other threads.
    headings = _headings()
    standings = {standing.value: str(standing.label) for standing in Standing}
    portions = (
        [
            [
                person.number,
                person.name,
                person.phone,
                person.born_on,
                person.unit_number,
                person.unit_name,
                person.skills,
                standings[person.standing],
            ]
            for person in portion
        ]
        for portion in _noted(exported_people(unit, by, at=at), by, at)
    )
    lines = chain([[headings]], portions)
    return xlsx_parts(lines, title=unit.number) if format == RosterFormat.XLSX else csv_parts(lines)


def _noted(
    portions: Iterator[list[ExportedPerson]], by: User, at: datetime
) -> Iterator[list[ExportedPerson]]:
    """Note each portion of people as it is written, so that they can see the viewer who exported their data."""
    for portion in portions:
        numbers = [int(person.number) for person in portion]
        note_access_by_number(viewer_user_id=by.pk, numbers=numbers, what=LookedAt.EXPORT, at=at)
        yield portion


def _headings() -> list[str]:
    return [
        gettext("Volunteer number"),
        gettext("Name"),
        gettext("Phone"),
        gettext("Born on"),
        gettext("Unit number"),
        gettext("Unit name"),
        gettext("Skills"),
        gettext("Standing"),
    ]
