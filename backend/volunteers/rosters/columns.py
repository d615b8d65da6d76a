"""The columns of a roster, and the headings by which they are known in Chinese and English."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Column(StrEnum):
    """What a column of a roster holds."""

    NAME = "name"
    PHONE = "phone"
    ID_CARD = "id_card"
    BORN_ON = "born_on"
    UNIT = "unit"
    SKILLS = "skills"
    ROLE = "role"
    NUMBER = "number"


HEADINGS: dict[Column, tuple[str, ...]] = {
    Column.NAME: ("姓名", "名字", "志愿者姓名", "队员姓名", "name", "full name", "volunteer name"),
    Column.PHONE: (
        *("手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "联系方式"),
        *("phone", "phone number", "mobile", "mobile phone", "mobile number", "telephone", "tel"),
    ),
    Column.ID_CARD: (
        *("身份证", "身份证号", "身份证号码", "公民身份号码", "居民身份证号", "证件号码"),
        *("id card", "id card number", "identity card", "identity card number", "id number", "resident id"),
    ),
    Column.BORN_ON: (
        *(
            "出生日期",
            "出生年月日",
            "出生年月",
            "生日",
            "born on",
            "born",
            "date of birth",
            "birth date",
            "birthday",
        ),
        "dob",
    ),
    Column.UNIT: (
        *("单位", "单位编号", "单位名称", "中队", "中队编号", "所属中队", "所属单位", "所在单位"),
        *("unit", "unit number", "unit name", "squadron", "squadron number"),
    ),
    Column.SKILLS: (
        "技能",
        "专长",
        "特长",
        "服务类别",
        "技能专长",
        "skills",
        "skill",
        "specialities",
        "abilities",
    ),
    Column.ROLE: ("职务", "岗位", "role", "post", "position"),
    Column.NUMBER: ("编号", "志愿者编号", "队员编号", "number", "volunteer number"),
}
FIRST_ROWS = 20
"""Rows among which the headings are looked for: rosters often begin with a title."""

_ASIDES = re.compile(r"\([^()]*+\)|【[^【】]*+】|\[[^\[\]]*+\]")
_FILLING = re.compile(r"[\s_\-*:/.]+")
_UNSHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(heading: Any) -> str:
    """Return a heading as it is compared: no case, spaces, stars, nor what stands in brackets."""
    text = unicodedata.normalize("NFKC", str(heading or "")).casefold()
    return _FILLING.sub("", _ASIDES.sub("", text))


_COLUMNS = {plain(heading): column for column, headings in HEADINGS.items() for heading in headings}


def column_of(heading: Any) -> Column | None:
    """Return the column that a heading stands for."""
    return _COLUMNS.get(plain(heading))


@dataclass(frozen=True, slots=True)
class Heading:
    """The row of the headings: where which column is, and the headings that nobody knows."""

    row: int
    places: dict[Column, int]
    ignored: list[str] = field(default_factory=list)

    def cell(self, column: Column | None, row: int) -> str:
        """Return the name of a cell as spreadsheets have it: `C17`; only the row when there is no such column."""
        place = self.places.get(column) if column else None
        return f"{letters(place)}{row}" if place is not None else str(row)


def read_heading(row: int, cells: Sequence[Any]) -> Heading | None:
    """Return the headings that a row holds; None unless one of them is the name's. The first of two equals counts."""
    places: dict[Column, int] = {}
    ignored = []
    for place, cell in enumerate(cells):
        column = _COLUMNS.get(plain(cell))
        if column is not None and column not in places:
            places[column] = place
        elif plain(cell):
            ignored.append(in_one_line(cell))
    return Heading(row, places, ignored) if Column.NAME in places else None


def in_one_line(cell: Any) -> str:
    """Return the beginning of a heading, without what could break a line or turn its direction."""
    signs = (sign for sign in str(cell)[:400] if unicodedata.category(sign) not in _UNSHOWN)
    return "".join(signs)[:40]


def letters(place: int) -> str:
    """Return the letters of the column that has `place` others before it: A to Z, then AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
