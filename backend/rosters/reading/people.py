"""Reads a row of a roster as a person."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from backend.lib.dates import EARLIEST_YEAR, Reading, plain_day, readings
from backend.lib.names import LONGEST, NotAName, read_name
from backend.lib.phones import pick_phone
from backend.rosters.reading.columns import Column, Heading
from backend.rosters.reading.identity_cards import is_other_document, read_id_card
from backend.rosters.reading.layout import MAX_COLUMNS
from backend.rosters.reading.refusals import RowRejected

MAX_CELL = 1_000
NOTHING = frozenset(
    {
        *("无", "無", "没有", "暂无", "没", "否", "空", "不详", "未知", "none", "no", "nil", "null", "n/a"),
        *("/", "\\", "//", "-", "--", "---", "—", "——", "–", "―", "−", "_", "~", "×"),
    }
)
"""What people write into a cell for which they have nothing; a name alone may be such a word."""
_LONGEST_NOTHING = 4
_BETWEEN_SKILLS = re.compile(r"[,，、;；|/\n]+")
_SHORTENED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_PLAIN_ROLES = frozenset({"", "member", "volunteer", "队员", "成员", "志愿者"})

_Read = TypeVar("_Read")
Remark = tuple[Column, str]
"""Where something stands that the importer should know of, and the code of what it is."""


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
    remarks: tuple[Remark, ...] = ()
    """What the importer should read, though the row is accepted."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rows are read against: units as the roster names them, skills by every name they have, today."""

    unit_id: int
    unit_named: Callable[[str], int]
    """Raises RowRejected."""
    skills: Mapping[str, int]
    today: date
    adult_if_born_until: date = date.min
    """The latest date of birth of a person who is surely of age."""


class RowReader:
    """Reads the rows of one roster; some 15 µs each, for there are millions."""

    def __init__(self, heading: Heading, around: Surroundings) -> None:
        places = heading.places
        self._around = around
        self._name = places[Column.NAME]
        self._phone, self._id_card = places.get(Column.PHONE), places.get(Column.ID_CARD)
        self._born_on, self._unit = places.get(Column.BORN_ON), places.get(Column.UNIT)
        self._units = (*heading.above, self._unit) if heading.above else ()
        self._skills, self._role = places.get(Column.SKILLS), places.get(Column.ROLE)
        self._number = places.get(Column.NUMBER)

    def read(self, row: int, cells: Sequence[Any]) -> Person:
        """Return the person of a row. Raises RowRejected with the first thing that is wrong."""
        if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
            raise RowRejected(None, "too-many-cells")
        remarks: list[Remark] = []
        name = _name(_text(cells, self._name, Column.NAME))
        phone = _phone(_text(cells, self._phone, Column.PHONE), remarks)
        id_card, born_on = _id_card(_text(cells, self._id_card, Column.ID_CARD), phone, remarks)
        if not phone and not id_card:
            raise RowRejected(Column.PHONE, "no-phone-or-id-card")
        if born_on is not None and not self._can_be_born(born_on):
            raise RowRejected(Column.ID_CARD, "id-card-wrong")
        if self._born_on is not None:
            born_on = self._date_of_birth(cells, born_on, remarks)
        unit = self._unit_text(cells)
        skills = _text(cells, self._skills, Column.SKILLS)
        self._require_no_number(cells)
        if _text(cells, self._role, Column.ROLE).casefold() not in _PLAIN_ROLES:
            remarks.append((Column.ROLE, "post-not-given"))
        return Person(
            row=row,
            name=name,
            phone=phone,
            id_card=id_card,
            born_on=born_on,
            unit_id=self._around.unit_named(unit) if unit else self._around.unit_id,
            skill_ids=self._skill_ids(skills, remarks) if skills else (),
            remarks=tuple(remarks),
        )

    def faults(self, cells: Sequence[Any]) -> list[RowRejected]:
        """Return all that is wrong with a row that was rejected, in the order of its columns; one for each at most."""
        found: list[RowRejected] = []
        remarks: list[Remark] = []

        def tried(read: Callable[[], _Read]) -> _Read | None:
            try:
                return read()
            except RowRejected as rejection:
                found.append(rejection)
                return None

        tried(lambda: _name(_text(cells, self._name, Column.NAME)))
        phone = tried(lambda: _phone(_text(cells, self._phone, Column.PHONE), remarks))
        other = "?" if phone is None else phone  # a passport is no fault because the phone beside it is one
        card = tried(lambda: _id_card(_text(cells, self._id_card, Column.ID_CARD), other, remarks))
        if phone == "" and card == ("", None):
            found.append(RowRejected(Column.PHONE, "no-phone-or-id-card"))
        in_card = card[1] if card else None
        if in_card is not None and not self._can_be_born(in_card):
            found.append(RowRejected(Column.ID_CARD, "id-card-wrong"))
        tried(lambda: self._date_of_birth(cells, in_card, remarks))
        tried(lambda: (unit := self._unit_text(cells)) and self._around.unit_named(unit))
        for place, column in ((self._skills, Column.SKILLS), (self._role, Column.ROLE)):
            tried(lambda place=place, column=column: _text(cells, place, column))  # type: ignore[misc]
        tried(lambda: self._require_no_number(cells))
        return found

    def _require_no_number(self, cells: Sequence[Any]) -> None:
        if _text(cells, self._number, Column.NUMBER):
            raise RowRejected(Column.NUMBER, "number-not-in-block")

    def _date_of_birth(
        self, cells: Sequence[Any], in_card: date | None, remarks: list[Remark]
    ) -> date | None:
        """Return the day that the cell says; an incomplete or ambiguous date counts as unknown, and is a remark.

        Such a date is refused if the person may be a minor by it: the law asks for more than with an unknown age. The
        card knows the day, and a cell that says less does not contradict it.
        """
        place = self._born_on
        cell = cells[place] if place is not None and place < len(cells) else None
        if not isinstance(cell, date):
            cell = _text(cells, place, Column.BORN_ON)
            if not cell:
                return in_card
        day = plain_day(cell)
        if day is not None and self._can_be_born(day) and in_card in (None, day):
            return day
        found = readings(cell, until=self._around.today)
        if not found:
            raise RowRejected(Column.BORN_ON, "born-on-wrong")
        if in_card:
            if any(reading.allows(in_card) for reading in found):
                return in_card
            raise RowRejected(Column.BORN_ON, "born-on-differs")
        if len(found) == 1 and found[0].is_whole:
            return found[0].first
        self._require_adult(found)
        remarks.append((Column.BORN_ON, "born-on-unknown"))
        return None

    def _require_adult(self, found: Sequence[Reading]) -> None:
        if any(reading.last > self._around.adult_if_born_until for reading in found):
            raise RowRejected(Column.BORN_ON, "born-on-unclear")

    def _can_be_born(self, born_on: date) -> bool:
        return born_on.year >= EARLIEST_YEAR and born_on <= self._around.today

    def _unit_text(self, cells: Sequence[Any]) -> str:
        """Return the unit that a row names: the names in several columns are a path from above."""
        if not self._units:
            return _text(cells, self._unit, Column.UNIT)
        texts = [_text(cells, place, Column.UNIT) for place in self._units]
        return "/".join(filter(None, texts))

    def _skill_ids(self, text: str, remarks: list[Remark]) -> tuple[int, ...]:
        names = [name for part in _BETWEEN_SKILLS.split(text) if (name := part.strip().casefold())]
        found = [self._around.skills.get(name) for name in names if name not in NOTHING]
        if None in found:
            remarks.append((Column.SKILLS, "skill-unknown"))
        return tuple(dict.fromkeys(id for id in found if id is not None))


def means_nothing(text: str) -> bool:
    """Tell whether a text in a cell says that there is nothing: 无, a dash, None."""
    return len(text) <= _LONGEST_NOTHING and unicodedata.normalize("NFKC", text).casefold() in NOTHING


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
    cell = cell.strip(" \t\r\n\u00a0\u3000\ufeff'")
    if len(cell) <= _LONGEST_NOTHING and column is not Column.NAME and means_nothing(cell):
        return ""
    return cell


def _number_as_text(cell: Any, column: Column) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        cell = int(cell)
    if column is Column.ID_CARD and isinstance(cell, int) and cell >= 10**15:
        raise RowRejected(column, "number-shortened")  # a spreadsheet keeps fifteen digits
    return str(cell)


def _name(text: str) -> str:
    if not text:
        raise RowRejected(Column.NAME, "name-missing")
    try:
        return read_name(text)
    except NotAName as error:
        code = "name-too-long" if len(text) > LONGEST else "name-wrong"
        raise RowRejected(Column.NAME, code) from error


def _phone(text: str, remarks: list[Remark]) -> str:
    if not text:
        return ""
    try:
        phone, is_alone = pick_phone(text)
    except ValueError as error:
        code = "number-shortened" if _SHORTENED.fullmatch(text) else "phone-wrong"
        raise RowRejected(Column.PHONE, code) from error
    if not is_alone:
        remarks.append((Column.PHONE, "phone-first-taken"))
    return phone


def _id_card(text: str, phone: str, remarks: list[Remark]) -> tuple[str, date | None]:
    """Return the number of a card, and the date of birth in it; with another document the phone names the person."""
    if not text:
        return "", None
    plain = unicodedata.normalize("NFKC", text)
    try:
        return read_id_card(plain)
    except ValueError as error:
        if _SHORTENED.fullmatch(plain):
            raise RowRejected(Column.ID_CARD, "number-shortened") from error
        if phone and is_other_document(plain):
            remarks.append((Column.ID_CARD, "document-not-kept"))
            return "", None
        raise RowRejected(Column.ID_CARD, "id-card-wrong") from error
