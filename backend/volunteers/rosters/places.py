"""Finds units and skills by the names that rosters use."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from backend.lib.checkdigit import parse_unit_number
from backend.volunteers.rosters.columns import Column
from backend.volunteers.rosters.refusals import RowRejected

CHINESE_SKILLS = {
    "rescue": ("应急救援", "救援"),
    "city": ("城市运行", "城市运行保障"),
    "culture": ("文化教育", "文教"),
    "care": ("关爱服务", "关爱"),
    "community": ("社区服务", "社区"),
    "environment": ("生态环保", "环保"),
    "healthcare": ("医疗卫生", "医疗"),
    "psychology": ("心理咨询", "心理"),
    "legal": ("法律援助", "法律"),
    "patrol": ("平安巡逻", "巡逻"),
    "first-aid": ("急救",),
    "radio": ("无线电", "电台"),
    "boat": ("驾船", "船艇"),
    "drone": ("无人机",),
}
_STEPS = re.compile(r"[/\\>＞→、|]")
_REMEMBERED = 200_000
_TITLE = re.compile(r"^\d++\s*+[.、．)）-]\s*+|[(（【\[].*+$|(?:志愿者|队员|人员)?+(?:名册|名单|花名册)$")
"""What sheets are called beside the unit's name: `3.桂花明堂村(35人)`, `桂花明堂村名册`."""
_NUMBER = re.compile(r"[0-9][0-9\s-]{7,}[0-9Xx]")
_GAPS = re.compile(r"[\s·•‧∙⋅・]+")


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit as rosters may name it."""

    id: int
    path: str
    number: str
    names: tuple[str, ...]


class UnitFinder:
    """Finds a unit by its number, its name, or the names from above down to it: `黄宅镇/桂花明堂村`.

    `step` is the length of one step of a path. What was found stays found: rosters name the same units again and again.
    """

    def __init__(self, units: Iterable[NamedUnit], step: int) -> None:
        self._step = step
        self._by_number: dict[str, int] = {}
        self._by_id: dict[int, NamedUnit] = {}
        self._by_name: defaultdict[str, list[NamedUnit]] = defaultdict(list)
        self._names: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, int] = {}
        for unit in units:
            self._by_number[unit.number] = unit.id
            self._by_id.setdefault(unit.id, unit)
            names = tuple(dict.fromkeys(map(_plain, unit.names)))
            self._names[unit.path] = names
            for name in names:
                self._by_name[name].append(unit)

    def __call__(self, text: str) -> int:
        """Return the id of the unit. Raises RowRejected."""
        id = self._known.get(text)
        if id is None:
            id = self._find(text)
            if len(self._known) < _REMEMBERED:
                self._known[text] = id
        return id

    def __len__(self) -> int:
        return len(self._by_id)

    def only(self, title: str) -> NamedUnit | None:
        """Return the one unit that is named by the title of a sheet, or of a part of it; None for none or several."""
        for name in dict.fromkeys((title.strip(), _TITLE.sub("", title.strip()).strip())):
            try:
                return self._by_id[self(name)]
            except RowRejected:
                continue
        return None

    def _find(self, text: str) -> int:
        text = unicodedata.normalize("NFKC", text)
        if _NUMBER.fullmatch(text):
            try:
                return self._by_number[parse_unit_number(text)]
            except (KeyError, ValueError) as error:
                raise RowRejected(Column.UNIT, "unit-unknown") from error
        found = self._named([step for part in _STEPS.split(text) if (step := _plain(part))] or [""])
        if len(found) != 1:
            raise RowRejected(Column.UNIT, "unit-ambiguous" if found else "unit-unknown")
        return found[0].id

    def _named(self, steps: list[str]) -> list[NamedUnit]:
        found = self._by_name.get(steps[-1], [])
        for depth, above in enumerate(reversed(steps[:-1]), start=1):
            found = [unit for unit in found if above in self._names.get(unit.path[: -self._step * depth], ())]
        return found


def _plain(name: str) -> str:
    """Return a name as it is compared: one width, one case, no gaps. Dashes stay: 1-2组 and 12组 are two units."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", name).casefold())


def skill_names(skills: Iterable[tuple[int, str, str]]) -> dict[str, int]:
    """Return the ids of skills, given as (id, code, name), by every name they have, in lower case."""
    return {
        name.casefold(): id
        for id, code, english in skills
        for name in (code, english, *CHINESE_SKILLS.get(code, ()))
    }
