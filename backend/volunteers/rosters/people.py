"""Reads a row of a roster as a person."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend.lib.phones import read_phone
from backend.volunteers.rosters.columns import Column, Heading
from backend.volunteers.rosters.identity_cards import read_id_card
from backend.volunteers.rosters.layout import MAX_COLUMNS
from backend.volunteers.rosters.refusals import RowRejected

MAX_CELL = 1_000
LONGEST_NAME = 80
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DATE = re.compile(
    r"(\d{4})\s*+(?:[-/.年]\s*+)?+(\d{1,2})\s*+(?:[-/.月]\s*+)?+(\d{1,2})(?:\s*+日)?+(?:\s++0?0:00(?::00)?)?+\s*+"
)
_BETWEEN_SKILLS = re.compile(r"[,，、;；|/\n]+")
_SHORTENED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_PLAIN_ROLES = frozenset({"", "member", "volunteer", "队员", "成员", "志愿者"})


@dataclass(frozen=True, slots=True)
class Person:
    """An accepted row, with what identifies the person in the open: it is sealed before it is stored."""

    row: int
    name: str
    phone: str
    id_card: str
    born_on: date | None
    unit_id: int
    skill_ids: tuple[int, ...]
    remark: str = ""
    """The code of a remark that the importer should read, though the row is accepted."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rows are read against: units as the roster names them, skills by every name they have, today."""

    unit_id: int
    unit_named: Callable[[str], int]
    """Raises RowRejected."""
    skills: Mapping[str, int]
    today: date


class RowReader:
    """Reads the rows of one roster; some 15 µs each, for there are millions."""

    def __init__(self, heading: Heading, around: Surroundings) -> None:
        places = heading.places
        self._around = around
        self._name = places[Column.NAME]
        self._phone, self._id_card = places.get(Column.PHONE), places.get(Column.ID_CARD)
        self._born_on, self._unit = places.get(Column.BORN_ON), places.get(Column.UNIT)
        self._skills, self._role = places.get(Column.SKILLS), places.get(Column.ROLE)
        self._number = places.get(Column.NUMBER)

    def read(self, row: int, cells: Sequence[Any]) -> Person:
        """Return the person of a row. Raises RowRejected with the first thing that is wrong."""
        if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
            raise RowRejected(None, "too-many-cells")
        name = _name(_text(cells, self._name, Column.NAME))
        phone = _phone(_text(cells, self._phone, Column.PHONE))
        id_card, born_on = _id_card(_text(cells, self._id_card, Column.ID_CARD))
        if not phone and not id_card:
            raise RowRejected(Column.PHONE, "no-phone-or-id-card")
        if self._born_on is not None:
            born_on = self._date_of_birth(cells, born_on)
        elif born_on is not None:
            self._check_born_on(born_on, Column.ID_CARD, "id-card-wrong")
        unit = _text(cells, self._unit, Column.UNIT)
        skills = _text(cells, self._skills, Column.SKILLS)
        if _text(cells, self._number, Column.NUMBER):
            raise RowRejected(Column.NUMBER, "number-not-in-block")
        return Person(
            row=row,
            name=name,
            phone=phone,
            id_card=id_card,
            born_on=born_on,
            unit_id=self._around.unit_named(unit) if unit else self._around.unit_id,
            skill_ids=self._skill_ids(skills) if skills else (),
            remark=_remark(_text(cells, self._role, Column.ROLE)),
        )

    def _date_of_birth(self, cells: Sequence[Any], in_card: date | None) -> date | None:
        place = self._born_on
        cell = cells[place] if place is not None and place < len(cells) else None
        if isinstance(cell, datetime):
            born_on: date | None = cell.date()
        elif isinstance(cell, date):
            born_on = cell
        else:
            born_on = _date(_text(cells, place, Column.BORN_ON))
        if born_on and in_card and born_on != in_card:
            raise RowRejected(Column.BORN_ON, "born-on-differs")
        born_on = born_on or in_card
        if born_on is not None:
            self._check_born_on(born_on, Column.BORN_ON, "born-on-wrong")
        return born_on

    def _check_born_on(self, born_on: date, column: Column, code: str) -> None:
        if born_on.year < 1900 or born_on > self._around.today:
            raise RowRejected(column, code)

    def _skill_ids(self, text: str) -> tuple[int, ...]:
        names = [name for part in _BETWEEN_SKILLS.split(text) if (name := part.strip().casefold())]
        found = [self._around.skills.get(name) for name in names]
        if None in found:
            raise RowRejected(Column.SKILLS, "skill-unknown")
        return tuple(dict.fromkeys(id for id in found if id is not None))


def _text(cells: Sequence[Any], place: int | None, column: Column) -> str:
    """Return a cell as text; numbers as they are written, 13800000000.0 without its end."""
    if place is None or place >= len(cells):
        return ""
    cell = cells[place]
    if cell is None:
        return ""
    if not isinstance(cell, str):
        cell = _number_as_text(cell, column)
    if len(cell) > MAX_CELL:
        raise RowRejected(column, "cell-too-long")
    return cell.strip(" \t\r\n\u00a0\u3000\ufeff'")


def _number_as_text(cell: Any, column: Column) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        cell = int(cell)
    if column is Column.ID_CARD and isinstance(cell, int) and cell >= 10**15:
        raise RowRejected(column, "number-shortened")  # a spreadsheet keeps fifteen digits
    return str(cell)


def _name(text: str) -> str:
    if not text:
        raise RowRejected(Column.NAME, "name-missing")
    if len(text) > LONGEST_NAME:
        raise RowRejected(Column.NAME, "name-too-long")
    if text.startswith(_FORMULA) or not text.isprintable():
        raise RowRejected(Column.NAME, "name-wrong")
    return text


def _phone(text: str) -> str:
    if not text:
        return ""
    try:
        return read_phone(text)
    except ValueError as error:
        code = "number-shortened" if _SHORTENED.fullmatch(text) else "phone-wrong"
        raise RowRejected(Column.PHONE, code) from error


def _id_card(text: str) -> tuple[str, date | None]:
    if not text:
        return "", None
    try:
        return read_id_card(unicodedata.normalize("NFKC", text))
    except ValueError as error:
        code = "number-shortened" if _SHORTENED.fullmatch(text) else "id-card-wrong"
        raise RowRejected(Column.ID_CARD, code) from error


def _date(text: str) -> date | None:
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        if found:
            year, month, day = found.groups()
            return date(int(year), int(month), int(day))
    except ValueError:
        pass
    raise RowRejected(Column.BORN_ON, "born-on-wrong")


def _remark(role: str) -> str:
    return "" if role.casefold() in _PLAIN_ROLES else "post-not-given"
