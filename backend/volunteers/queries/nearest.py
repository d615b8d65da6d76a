"""Finds the people nearest to a place who are on duty and can do something.

The latest positions have no index on longitude and latitude, which every report would have to move; they have one on
tiles of two kilometres, which few reports leave. So the search goes outwards ring by ring, each ring the tiles that it
touches, sorts what it finds by a rough distance in the database, and looks up duty and skills nearest first, until
nobody who has not been looked up can be nearer than those found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import cos, floor, radians

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cos, Radians

from backend.lib.geo import METRES_PER_DEGREE, ROUGH_ERROR, distance_m
from backend.realtime.models import TILE_ROW, TILES_PER_DEGREE, LatestPosition
from backend.volunteers.models import Standing, Unit, Volunteer
from backend.volunteers.queries.masking import masked
from backend.volunteers.rules import within
from backend.volunteers.schemas.roster import NearPerson

FIRST_RING_M, LAST_RING_M = 1_500.0, 300_000.0
TILES_AT_MOST = 5_000
"""Beyond, some 70 km around, reading all positions is cheaper than naming the tiles."""
PORTION, LARGEST_PORTION = 400, 3_200
"""How many positions are looked up at a time; each portion is twice the one before."""
SEEN_WITHIN = timedelta(hours=1)
"""Whose last position is older is not known to be near anything."""


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody found: how far away, and when that was true."""

    volunteer: Volunteer
    metres: float
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Spot:
    square: float
    person: int
    lon: float
    lat: float
    at: datetime


def nearest_on_duty(
    lon: float, lat: float, *, skills: Sequence[str], within_unit: Unit, limit: int, at: datetime
) -> list[Near]:
    """Return the people nearest to a place (WGS-84) who are on duty with all these skills, the nearest first.

    Of those whose primary unit lies in `within_unit` and whose position is not older than an hour; none beyond 300 km.
    Exact: distances are geodesic, and nobody nearer is left out.
    """
    positions = LatestPosition.objects.filter(within(within_unit.path, "scope"), at__gt=at - SEEN_WITHIN)
    able = Volunteer.objects.filter(duty_until__gt=at, standing=Standing.ACTIVE, user__is_active=True)
    for code in skills:
        able = able.filter(skills__code=code)
    found: list[tuple[_Spot, Volunteer]] = []
    for spots in _outwards(positions, lon, lat):
        if len(found) >= limit and spots[0].square > _surely_farther(found[limit - 1][0]):
            break
        found += _those_able(spots, able)
    near = [
        Near(volunteer, distance_m(lon, lat, spot.lon, spot.lat), spot.at)
        for spot, volunteer in found
        if len(found) <= limit or spot.square <= _surely_farther(found[limit - 1][0])
    ]
    return sorted(near, key=lambda one: (one.metres, one.volunteer.number))[:limit]


def _surely_farther(spot: _Spot) -> float:
    """Return the square of the rough distance beyond which everybody is truly farther away than a spot."""
    return spot.square * ((1 + ROUGH_ERROR) / (1 - ROUGH_ERROR)) ** 2


def _those_able(spots: Sequence[_Spot], able: QuerySet[Volunteer]) -> list[tuple[_Spot, Volunteer]]:
    people = able.filter(number__in=[spot.person for spot in spots]).select_related("user")
    by_number = {person.number: person for person in people}
    return [(spot, by_number[spot.person]) for spot in spots if spot.person in by_number]


def _outwards(positions: QuerySet[LatestPosition], lon: float, lat: float) -> Iterator[list[_Spot]]:
    """Yield positions in portions by their rough distance, in metres, the nearest first."""
    portion, inner, outer = PORTION, -1.0, FIRST_RING_M
    while inner < LAST_RING_M:
        around = positions.filter(_tiles_around(lon, lat, outer)).annotate(square=_square(lon, lat))
        ring = around.filter(square__gt=inner * abs(inner), square__lte=outer * outer)
        rows, start, full = ring.order_by("square", "person").values_list(*_COLUMNS), 0, True
        while full:
            spots = [_Spot(*row) for row in rows[start : start + portion]]
            if spots:
                yield spots
            full, start, portion = len(spots) == portion, start + portion, min(portion * 2, LARGEST_PORTION)
        inner, outer = outer, outer * 2


_COLUMNS = ("square", "person", "lon", "lat", "at")


def _square(lon: float, lat: float) -> CombinedExpression:
    """Return the square of the rough distance: as on a map whose scale is that of the latitude halfway."""
    north = (F("lat") - lat) * METRES_PER_DEGREE
    east = (F("lon") - lon) * METRES_PER_DEGREE * Cos(Radians((F("lat") + lat) / 2.0))
    return north * north + east * east


def _tiles_around(lon: float, lat: float, metres: float) -> Q:
    """Return the condition of lying in a tile that the circle touches."""
    tall = metres * (1 + ROUGH_ERROR) / METRES_PER_DEGREE
    wide = tall / max(cos(radians(min(abs(lat) + tall, 89.0))), 0.01)
    west, east = (floor((lon + side) * TILES_PER_DEGREE) for side in (-wide, wide))
    south, north = (floor((lat + side) * TILES_PER_DEGREE) for side in (-tall, tall))
    if (north - south + 1) * (east - west + 1) > TILES_AT_MOST:
        return Q()
    rows = (range(row * TILE_ROW + west, row * TILE_ROW + east + 1) for row in range(south, north + 1))
    return Q(tile__in=list(chain.from_iterable(rows)))


def near_outs(found: Sequence[Near]) -> list[NearPerson]:
    """Return the people as clients see them."""
    return [
        NearPerson(
            number=f"{one.volunteer.number:08d}",
            name=one.volunteer.name,
            phone=masked(one.volunteer.user.phone),
            metres=round(one.metres / 100) * 100,
            seen_at=one.seen_at,
        )
        for one in found
    ]
