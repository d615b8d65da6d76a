"""Rosters that tests import."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from uuid6 import uuid7

from backend.lib.encryption import lookup_key
from backend.rosters.models import RosterImport
from backend.rosters.services.imports import receive_import
from backend.volunteers.models import Membership, Volunteer
from tests.conftest import Formation

Again = Callable[..., RosterImport]
WHOLE = ["姓名", "手机", "身份证号", "单位编号", "技能"]
HEADINGS = ["姓名", "手机", "单位编号", "技能"]


def csv_file(
    folder: Path, lines: Sequence[Sequence[str]], *, encoding: str = "utf-8", name: str = "roster.csv"
) -> Path:
    """Write lines as CSV."""
    path = folder / name
    path.write_text("".join(",".join(line) + "\r\n" for line in lines), encoding=encoding, newline="")
    return path


def xlsx_file(folder: Path, lines: Sequence[Sequence[Any]], *, name: str = "roster.xlsx") -> Path:
    """Write lines as the first sheet of a workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(list(line))
    path = folder / name
    book.save(path)
    return path


def people(count: int, *, start: int = 0) -> list[list[str]]:
    """Return lines with a name and a phone of their own each."""
    return [[f"队员{n}", f"139{n:08d}"] for n in range(start, start + count)]


def id_card(place: str = "330726", born: str = "19800131", order: str = "001") -> str:
    """Return an identity card number with its check character."""
    digits = place + born + order
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


def received(path: Path, formation: Formation, at: datetime) -> RosterImport:
    """Register a file as an import into the brigade, to be checked."""
    return receive_import(
        id=uuid7(), unit=formation.brigade, name="Autumn", path=path, file_name="x", by=None, at=at
    )


def with_card(person: Volunteer, card: str) -> Volunteer:
    """Give a person an identity card, and the date of birth in it."""
    person.id_card_key = lookup_key(card, "id_card")
    person.born_on = date(1980, 1, 31)
    person.save()
    return person


def line(person: Volunteer, **other: str) -> list[str]:
    """Return a line of `WHOLE` that says of a person what the record says, but for what is given."""
    unit = Membership.objects.get(volunteer=person, is_primary=True).unit
    said = {"name": person.name, "phone": person.user.phone, "card": "", "unit": unit.number, "skills": ""}
    return list((said | other).values())
