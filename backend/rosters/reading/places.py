"""Finds units and skills by the names that rosters use."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from backend.rosters.reading.columns import Column
from backend.rosters.reading.refusals import RowRejected
from backend.volunteers.models import Category
from backend.volunteers.number_scheme import parse_unit_number

CHINESE_SKILLS = {
    Category.RESCUE.value: ("应急救援", "救援"),
    Category.CITY.value: ("城市运行", "城市运行保障"),
    Category.CULTURE.value: ("文化教育", "文教"),
    Category.CARE.value: ("关爱服务", "关爱"),
    Category.COMMUNITY.value: ("社区服务", "社区"),
    Category.ENVIRONMENT.value: ("生态环保", "环保"),
    Category.HEALTHCARE.value: ("医疗卫生", "医疗"),
    Category.PSYCHOLOGY.value: ("心理咨询", "心理"),
    Category.LEGAL.value: ("法律援助", "法律"),
    Category.PATROL.value: ("平安巡逻", "巡逻"),
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
_TEAM = re.compile(
    r"(?:平安|志愿者|志愿|服务|义警|巡逻|巡防|治安|应急){0,4}+(?:中队|大队|支队|总队|分队|小队|队伍|队)$"
)
_COMMITTEE = re.compile(r"(?:(?<=村)民?委员?会|(?<=社区)居民?委员?会|居民?委员?会)$")
_PLACE = re.compile(r"(?:社区|行政村|村|街道|镇|乡|县|市|区)$")
_LONGEST_TOGETHER = 60
_MOST_STEPS = 5
_MOST_CANDIDATES = 5
_MOST_SEARCHES = 500
_NONE: frozenset[str] = frozenset()
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

    `step` is the length of one step of a path; `above` are the names of the units above all of these, by their paths.
    Names may stand together without a sign between them, and lack their endings, as long as one unit alone is meant.
    What was found stays found: rosters name the same units again and again.
    """

    def __init__(
        self, units: Iterable[NamedUnit], step: int, above: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._step = step
        self._by_number: dict[str, int] = {}
        self._by_id: dict[int, NamedUnit] = {}
        self._by_name: defaultdict[str, list[NamedUnit]] = defaultdict(list)
        self._by_key: defaultdict[str, list[NamedUnit]] = defaultdict(list)
        self._names: dict[str, frozenset[str]] = {}
        self._known: dict[str, int | RowRejected] = {}
        self._searches = 0
        for path, names in (above or {}).items():
            self._names[path] = frozenset(key for name in names for key in _called(_plain(name)))
        for unit in units:
            self._add(unit)
        self._steps = frozenset(key[1:] for keys in self._names.values() for key in keys)

    def _add(self, unit: NamedUnit) -> None:
        self._by_number[unit.number] = unit.id
        self._by_id.setdefault(unit.id, unit)
        names = tuple(dict.fromkeys(map(_plain, unit.names)))
        called = dict.fromkeys(key for name in names for key in _called(name))
        if names:
            self._names[unit.path] = frozenset(called)
        for name in names:
            self._by_name[name].append(unit)
        for key in called:
            self._by_key[key].append(unit)

    def __call__(self, text: str) -> int:
        """Return the id of the unit. Raises RowRejected."""
        known = self._known.get(text)
        if known is None:
            try:
                known = self._find(text)
            except RowRejected as rejection:
                known = rejection
            if len(self._known) < _REMEMBERED:
                self._known[text] = known
        if isinstance(known, RowRejected):
            raise RowRejected(known.column, known.code, known.units)
        return known

    def __len__(self) -> int:
        return len(self._by_id)

    def is_below(self, text: str, top: int) -> bool:
        """Tell whether a text is one unit other than the top one."""
        try:
            return self(text) != top
        except RowRejected:
            return False

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
        steps = [step for part in _STEPS.split(text) if (step := _plain(part))] or [""]
        found = self._named(steps) or self._named_together(steps)
        if len(found) != 1:
            code = "unit-ambiguous" if found else "unit-unknown"
            raise RowRejected(Column.UNIT, code, self._numbers(found or self._like(steps[-1])))
        return found[0].id

    def _named(self, steps: Sequence[str]) -> list[NamedUnit]:
        """Return the units of this name, or failing that of this name but for its ending, below those before it."""
        for known, keys in ((self._by_name, steps[-1:]), (self._by_key, _meant(steps[-1]))):
            found = {unit.id: unit for key in keys for unit in known.get(key, ())}
            below = [unit for unit in found.values() if self._is_below(unit.path, steps[:-1])]
            if below:
                return below
        return []

    def _is_below(self, path: str, steps: Sequence[str]) -> bool:
        """Tell whether the units on the way to a path have these names, in this order; some may be left out."""
        for step in reversed(steps):
            keys = _meant(step)
            while path and self._names.get(path, _NONE).isdisjoint(keys):
                path = path[: -self._step]
            if not path:
                return False
        return True

    def _named_together(self, steps: Sequence[str]) -> list[NamedUnit]:
        """Return the units that are meant when names stand together in a step: `浦阳街道江滨社区`."""
        *before, last = steps
        if len(last) > _LONGEST_TOGETHER or len(steps) > _MOST_STEPS:
            return []
        found: dict[int, NamedUnit] = {}
        for place in range(1, len(last)):
            if last[:place] in self._steps:
                further = [*before, last[:place], last[place:]]
                for unit in self._named(further) or self._named_together(further):
                    found[unit.id] = unit
        return list(found.values())

    def _like(self, name: str) -> list[NamedUnit]:
        """Return units whose names hold this one, or are held by it; only so often, for it looks at all of them."""
        self._searches += 1
        short = _without_endings(name)[1]
        if len(short) < 2 or self._searches > _MOST_SEARCHES:
            return []
        like = (
            unit
            for known, units in self._by_name.items()
            if short in known or (len(known) > 1 and known in name)
            for unit in units
        )
        return list(islice(like, _MOST_CANDIDATES))

    def _numbers(self, units: Iterable[NamedUnit]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(unit.number for unit in units))[:_MOST_CANDIDATES]


def _called(name: str) -> tuple[str, ...]:
    """Return the keys under which a unit is found: whole names after `=`, those without an ending after `<`."""
    place, short = _without_endings(name)
    return f"={name}", f"={place}", f"<{short}"


@lru_cache(maxsize=10_000)
def _meant(name: str) -> tuple[str, ...]:
    """Return the keys of the units that a text may mean: 江滨 is 江滨社区, but 江滨村 is not."""
    place, short = _without_endings(name)
    return f"={name}", f"={place}", f"<{place}", f"={short}"


def _without_endings(name: str) -> tuple[str, str]:
    """Return a name without what says that it is a team, and without what kind of place it is: 江滨社区, 江滨."""
    place = _COMMITTEE.sub("", _TEAM.sub("", name)) or name
    return place, _PLACE.sub("", place) or place


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
