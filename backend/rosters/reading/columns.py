"""The columns of a roster, and the headings by which they are known in Chinese and English."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
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
        *(
            "单位",
            "单位编号",
            "单位名称",
            "中队",
            "中队编号",
            "所属中队",
            "所属单位",
            "所在单位",
            "村（社区）",
        ),
        *(
            "行政村",
            "村名",
            "村居",
            "街道",
            "unit",
            "unit number",
            "unit name",
            "squadron",
            "squadron number",
        ),
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
_WHOSE = ("", "所在", "所属", "隶属", "归属")
_KINDS_OF_UNITS: tuple[tuple[str, ...], ...] = (
    (
        *("县", "区县", "县区", "县市区", "市县区", "区县市", "支队"),
        *("county", "district", "detachment"),
    ),
    (
        *(
            "镇",
            "乡",
            "乡镇",
            "街道",
            "镇街",
            "街镇",
            "镇街道",
            "乡镇街道",
            "乡街道",
            "镇乡街道",
            "镇乡",
            "大队",
        ),
        *("town", "township", "street", "subdistrict", "brigade"),
    ),
    ("单位", "组织", "unit"),
    (
        *("村", "村社", "村社区", "村居", "村委", "村委会", "村居委会", "居委会", "村民委员会", "居民委员会"),
        *("行政村", "村庄", "社区", "社区村", "村别", "village", "community", "village community"),
    ),
    ("中队", "分队", "队伍", "平安队", "志愿队", "服务队", "志愿服务队", "队", "squadron", "team"),
)
"""What headings call units, from above to below: columns of several of these are the steps of a path."""
_PARTS_OF_UNITS = ("自然村", "小组", "村民小组", "网格", "片区", "组", "组别", "hamlet", "grid")
"""What mostly lies below all units: such a column counts when there is no other."""
_NAMED = ("", "名", "名称", "编号", "name", "number")
FIRST_ROWS = 20
"""Rows among which the headings are looked for: rosters often begin with a title."""

_ASIDES = re.compile(r"\([^()]*+\)|【[^【】]*+】|\[[^\[\]]*+\]")
_FILLING = re.compile(r"[\s_\-*:/.]+")
_UNSHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(heading: Any) -> str:
    """Return a heading as it is compared: no case, spaces, stars, nor what stands in brackets."""
    text = unicodedata.normalize("NFKC", str(heading or "")).casefold()
    return _FILLING.sub("", _ASIDES.sub("", text))


_LEVELS = {
    plain(whose + kind + named): level
    for level, kinds in enumerate((_PARTS_OF_UNITS, *_KINDS_OF_UNITS))
    for kind in kinds
    for whose in _WHOSE
    for named in _NAMED
}
"""How far below units stand that a heading speaks of; parts of units are 0."""
_COLUMNS = dict.fromkeys(_LEVELS, Column.UNIT) | {
    plain(heading): column for column, headings in HEADINGS.items() for heading in headings
}


def column_of(heading: Any) -> Column | None:
    """Return the column that a heading stands for."""
    return _COLUMNS.get(plain(heading))


def level_of(heading: Any) -> int | None:
    """Return how far below the units stand that a heading speaks of; None when it speaks of none."""
    return _LEVELS.get(plain(heading))


@dataclass(frozen=True, slots=True)
class Heading:
    """The row of the headings: where which column is, and the headings that are not known.

    `above` are the columns of the units above the one that people are in, from the highest down: 街道 beside 村.
    """

    row: int
    places: dict[Column, int]
    ignored: list[str] = field(default_factory=list)
    above: list[int] = field(default_factory=list)

    def cell(self, column: Column | None, row: int) -> str:
        """Return the name of a cell as spreadsheets have it: `C17`; only the row when there is no such column."""
        place = self.places.get(column) if column else None
        return f"{letters(place)}{row}" if place is not None else str(row)


@dataclass(frozen=True, slots=True)
class Meant:
    """What stands over a column, and what it means, if anything."""

    place: int
    text: str
    column: Column | None
    level: int | None = None


def heading_of(row: int, meant: Iterable[Meant]) -> Heading:
    """Return the headings of a table. The first of two equals counts; of units there may be one of each level."""
    places: dict[Column, int] = {}
    units: dict[int, Meant] = {}
    ignored = []
    for each in meant:
        if each.column is Column.UNIT and (each.level or 0) not in units:
            units[each.level or 0] = each
        elif each.column not in (None, Column.UNIT) and each.column not in places:
            places[each.column] = each.place
        elif plain(each.text):
            ignored.append(in_one_line(each.text))
    if len(units) > 1 and (part := units.pop(0, None)):
        ignored.append(in_one_line(part.text))
    path = [units[level].place for level in sorted(units)]
    if path:
        places[Column.UNIT] = path[-1]
    return Heading(row, places, ignored, path[:-1])


def read_heading(row: int, cells: Sequence[Any]) -> Heading | None:
    """Return the headings that a row holds; None unless one of them is the name's."""
    heading = heading_of(
        row,
        (Meant(place, cell, column_of(cell), level_of(cell)) for place, cell in enumerate(cells)),
    )
    return heading if Column.NAME in heading.places else None


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
