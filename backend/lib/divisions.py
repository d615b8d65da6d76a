"""Reads administrative divisions from files: their tree, their short names, and where to draw them."""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TextIO, cast

from backend.lib.names import read_name

LONGEST_NAME = 120
LEVELS = ("province", "city", "county", "town", "village")
_SHORTER = (
    # 文溪社区居民委员会 → 文溪社区, 裕民村村民委员会 → 裕民村, 浦江村委会 → 浦江村
    (re.compile(r"(社区|村)(居民委员会|居委会|村民委员会|村委会|村村委员会)$"), r"\1"),
    (re.compile(r"(村民委员会|村委会|村委员会)$"), "村"),
    (re.compile(r"(居民委员会|居委会)$"), "社区"),
)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division; `level` 0 is the province, 4 a village or community."""

    code: str
    name: str
    level: int
    parent_code: str


@dataclass(frozen=True, slots=True)
class County:
    """Where a county lies: a point inside, its box (west, south, east, north)."""

    inside: Point
    box: tuple[float, float, float, float]


def read_divisions(path: Path) -> list[Division]:
    """Return the divisions of a CSV file (`code,name,level,parent_code`, maybe gzipped), parents before children."""
    with _opened(path) as file:
        rows = [
            Division(
                row["code"],
                read_name(row["name"], longest=LONGEST_NAME),
                LEVELS.index(row["level"]),
                row["parent_code"],
            )
            for row in csv.DictReader(file)
        ]
    rows.sort(key=lambda row: (row.level, row.code))
    known = {row.code for row in rows}
    for row in rows:
        if row.level and row.parent_code not in known:
            raise ValueError(f"division {row.code} lies in {row.parent_code}, which is not in the file")
    for one, other in pairwise(rows):
        if one.code == other.code:
            raise ValueError(f"division {one.code} is in the file twice")
    if sum(row.level == 0 for row in rows) != 1:
        raise ValueError("there must be exactly one province")
    return rows


def read_counties(path: Path) -> dict[str, County]:
    """Return by code where the counties lie."""
    with _opened(path) as file:
        return {
            row["code"]: County(
                inside=(float(row["inside_lon"]), float(row["inside_lat"])),
                box=(
                    float(row["min_lon"]),
                    float(row["min_lat"]),
                    float(row["max_lon"]),
                    float(row["max_lat"]),
                ),
            )
            for row in csv.DictReader(file)
        }


def read_towns(path: Path) -> dict[str, Point]:
    """Return by code where towns lie, as far as that is known."""
    with _opened(path) as file:
        return {row["code"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}


def display_name(official: str) -> str:
    """Return the name without the word for its committee: 文溪社区居民委员会 → 文溪社区."""
    for pattern, replacement in _SHORTER:
        short, changed = pattern.subn(replacement, official)
        if changed:
            return short
    return official


def places(
    divisions: Sequence[Division], counties: dict[str, County], towns: dict[str, Point]
) -> dict[str, Point]:
    """Return by code where to draw each division; one whose place is not known has none.

    Counties lie at their inside point, cities and the province in the middle of theirs, towns where they are known to
    be, and villages too if the file has them. No other has a place: none is made up, for callers send volunteers to
    what the map shows.
    """
    found: dict[str, Point] = {code: county.inside for code, county in counties.items()}
    below: dict[str, list[Point]] = defaultdict(list)
    for division in reversed(divisions):
        if division.level < 2 and below[division.code]:
            found[division.code] = _middle(below[division.code])
        if division.level and division.code in found:
            below[division.parent_code].append(found[division.code])
    for division in divisions:
        if division.level > 2 and division.code in towns:
            found[division.code] = towns[division.code]
    return found


def _middle(points: Iterable[Point]) -> Point:
    lons, lats = zip(*points, strict=True)
    return round(sum(lons) / len(lons), 5), round(sum(lats) / len(lats), 5)


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", newline=""))
    return path.open(encoding="utf-8", newline="")
