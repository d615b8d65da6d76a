"""Reads administrative divisions from files: their tree, their short names, and where to draw them."""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from math import cos, pi, radians, sin, sqrt
from pathlib import Path
from typing import TextIO, cast

from backend.lib.names import read_name

LONGEST_NAME = 120
LEVELS = ("province", "city", "county", "town", "village")
_KM_PER_DEGREE = 111.32
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
    """Where a county lies: a point inside, its area, its box (west, south, east, north)."""

    inside: Point
    area_km2: float
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
                area_km2=float(row["area_km2"]),
                box=(
                    float(row["min_lon"]),
                    float(row["min_lat"]),
                    float(row["max_lon"]),
                    float(row["max_lat"]),
                ),
            )
            for row in csv.DictReader(file)
        }


def display_name(official: str) -> str:
    """Return the name without the word for its committee: 文溪社区居民委员会 → 文溪社区."""
    for pattern, replacement in _SHORTER:
        short, changed = pattern.subn(replacement, official)
        if changed:
            return short
    return official


def places(divisions: Sequence[Division], counties: dict[str, County]) -> dict[str, Point]:
    """Return by code where to draw each division; one in a county that is not known has no place.

    Counties lie at their inside point, cities and the province in the middle of theirs. Towns and villages are
    scattered, always in the same way, within the county's box: **for demonstrations only**, nobody lives there.
    """
    found: dict[str, Point] = {code: county.inside for code, county in counties.items()}
    below: dict[str, list[Point]] = defaultdict(list)
    for division in reversed(divisions):
        if division.level < 2 and below[division.code]:
            found[division.code] = _middle(below[division.code])
        if division.level and division.code in found:
            below[division.parent_code].append(found[division.code])
    for division in divisions:
        county = counties.get(division.code[:6])
        if division.level > 2 and county and division.parent_code in found:
            found[division.code] = _scattered(division, found[division.parent_code], county)
    return found


def _scattered(division: Division, around: Point, county: County) -> Point:
    """Return a point near `around`: a town within 0.8 of the county's radius, a village within a fifth of it."""
    digest = blake2b(division.code.encode(), digest_size=8).digest()
    turn, share = (int.from_bytes(part, "big") / 2**32 for part in (digest[:4], digest[4:]))
    reach_km = sqrt(county.area_km2 / pi) * (0.8 if division.level == 3 else 0.2) * sqrt(share)
    east = reach_km * cos(2 * pi * turn) / (_KM_PER_DEGREE * cos(radians(around[1])))
    north = reach_km * sin(2 * pi * turn) / _KM_PER_DEGREE
    west_edge, south_edge, east_edge, north_edge = county.box
    lon = min(max(around[0] + east, west_edge), east_edge)
    lat = min(max(around[1] + north, south_edge), north_edge)
    return round(lon, 5), round(lat, 5)


def _middle(points: Iterable[Point]) -> Point:
    lons, lats = zip(*points, strict=True)
    return round(sum(lons) / len(lons), 5), round(sum(lats) / len(lats), 5)


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", newline=""))
    return path.open(encoding="utf-8", newline="")
