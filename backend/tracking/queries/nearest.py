"""Finds the people nearest to a place who are on duty and have the skills.

The latest positions have no index on longitude and latitude, because every report would move its entries. They have one
on tiles of two kilometres, which few reports leave. So the search expands ring by ring: it reads the tiles of a ring,
sorts their people by a rough distance in the database, and looks up duty and skills, nearest first. It ends when no
further person can be nearer than those found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from math import cos, floor, radians, sqrt
from typing import NamedTuple

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cos, Radians

from backend.accounts.models import User
from backend.lib.encryption import unseal
from backend.lib.geo import METRES_PER_DEGREE, NEAR_ERROR, ROUGH_ERROR, distance_m, near_distance_m
from backend.lib.lookups import AnyOf
from backend.tracking.models import TILE_ROW, TILES_PER_DEGREE, LatestPosition, scope_of
from backend.tracking.schemas.nearest import NearPerson
from backend.volunteers.models import Standing, Unit, Volunteer
from backend.volunteers.queries.masking import seen_in_full, shown
from backend.volunteers.rules import within

FIRST_RING_M, LAST_RING_M = 6_000.0, 300_000.0
"""Measured with 150,000 people: from 6 km on, one ring is enough for most; from 4 km on, a search takes a fifth
more."""
TILES_AT_MOST = 5_000
"""Beyond this radius, some 70 km, a read of all positions is cheaper than a list of the tiles."""
PORTION, LARGEST_PORTION = 400, 4_000
"""Positions in the first lookup; each further portion is twice as large."""
SEEN_WITHIN = timedelta(hours=1)
"""The largest age of a position that counts as near."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A person's place and its time; `square` is the square of the rough distance in metres."""

    square: float
    person: int
    lon: float
    lat: float
    at: datetime


class Person(NamedTuple):
    """The columns of every person who is looked up: model instances of them all took as long as the search."""

    number: int
    pk: int
    name: str
    phone_sealed: str
    duty_until: datetime | None
    standing: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A person found, and the distance to within 0.2 %."""

    person: Person
    metres: float
    spot: Spot


def nearest_on_duty(
    lon: float, lat: float, *, skills: Sequence[str], within_unit: Unit, limit: int, at: datetime
) -> list[Near]:
    """Return the people nearest to a place (WGS-84) who are on duty with all these skills, the nearest first.

    Their primary unit lies in `within_unit`, whose posts see its people. Their position is at most an hour old; none
    is beyond 300 km. The result is exact by the geodesic distance.
    """
    scope = scope_of(within_unit.path, within_unit.closed_depth)
    positions = LatestPosition.objects.filter(within(scope, "scope"), at__gt=at - SEEN_WITHIN)
    skilled = Volunteer.objects.all()
    for code in skills:
        skilled = skilled.filter(skills__code=code)
    found: list[_Found] = []
    inner, outer = 0.0, FIRST_RING_M
    while inner < LAST_RING_M:
        for spots, seen in _ring(positions, lon, lat, inner, outer):
            found += _those_able(spots, skilled, at)
            if len(found) >= limit and _surely_farther(found[limit - 1]) < seen:
                return _nearest_of(found, lon, lat, limit)
        inner, outer = outer, outer * _growth(len(found), limit)
    return _nearest_of(found, lon, lat, limit)


_Found = tuple[Spot, Person]


def _nearest_of(found: Sequence[_Found], lon: float, lat: float, limit: int) -> list[Near]:
    """Return the nearest of the people found, in order; doubtful ranks are measured exactly."""
    near = sorted(
        (Near(person, near_distance_m(lon, lat, spot.lon, spot.lat), spot) for spot, person in found),
        key=lambda one: (one.metres, one.spot.person),
    )
    if len(near) <= limit:
        return near
    edge = near[limit - 1].metres
    sure = [one for one in near if one.metres < edge * (1 - 2 * NEAR_ERROR)]
    doubtful = [one for one in near[len(sure) :] if one.metres <= edge * (1 + 2 * NEAR_ERROR)]
    exact = [replace(one, metres=distance_m(lon, lat, one.spot.lon, one.spot.lat)) for one in doubtful]
    return [*sure, *sorted(exact, key=lambda one: (one.metres, one.spot.person))][:limit]


def _surely_farther(found: _Found) -> float:
    """Return the squared rough distance beyond which all people are certainly farther away than a person found."""
    return found[0].square * ((1 + ROUGH_ERROR) / (1 - ROUGH_ERROR)) ** 2


def _growth(found: int, limit: int) -> float:
    """Return the growth factor of the next ring: wide enough for an even spread of people, four times at most."""
    return min(4.0, max(1.5, sqrt(1.5 * limit / max(found, 1))))


def _those_able(spots: Sequence[Spot], skilled: QuerySet[Volunteer], at: datetime) -> list[_Found]:
    """Return those of the people who have the skills and are on duty.

    Duty is checked here. As a condition of the query it reads the index of all people on duty (measured: 8 ms each
    time).
    """
    rows = skilled.filter(AnyOf(F("number"), [spot.person for spot in spots])).values_list(*_PERSON)
    people = {row[0]: Person(*row) for row in rows}
    found = [(spot, people[spot.person]) for spot in spots if spot.person in people]
    return [
        (spot, person)
        for spot, person in found
        if person.duty_until and at < person.duty_until
        if person.is_active and Standing(person.standing).is_in_service
    ]


def _ring(
    positions: QuerySet[LatestPosition], lon: float, lat: float, inner: float, outer: float
) -> Iterator[tuple[list[Spot], float]]:
    """Yield the positions of a ring in portions, nearest first, each with the square of the complete radius."""
    around = positions.filter(_box(lon, lat, outer)).annotate(square=_square(lon, lat))
    if inner:
        around = around.filter(square__gt=inner * inner)
    rows = around.order_by("square", "person").values_list(*_COLUMNS)
    start, portion, full, edge = 0, PORTION, True, outer * outer
    while full:
        read = [Spot(*row) for row in rows[start : start + portion]]
        spots = [
            spot for spot in read if spot.square <= edge
        ]  # the corners of the box belong to the next ring
        full = len(spots) == portion
        yield spots, spots[-1].square if full else edge
        start, portion = start + portion, min(portion * 2, LARGEST_PORTION)


_PERSON = ("number", "pk", "name", "user__phone_sealed", "duty_until", "standing", "user__is_active")
_COLUMNS = ("square", "person", "lon", "lat", "at")


def _square(lon: float, lat: float) -> CombinedExpression:
    """Return the square of the rough distance, on a plane with the scale of the middle latitude."""
    north = (F("lat") - lat) * METRES_PER_DEGREE
    east = (F("lon") - lon) * METRES_PER_DEGREE * Cos(Radians((F("lat") + lat) / 2.0))
    return north * north + east * east


def _box(lon: float, lat: float, metres: float) -> Q:
    """Return the condition for the box around a circle, by the tiles that it touches."""
    tall = metres * (1 + ROUGH_ERROR) / METRES_PER_DEGREE
    wide = tall / max(cos(radians(min(abs(lat) + tall, 89.0))), 0.01)
    box = Q(lon__range=(lon - wide, lon + wide), lat__range=(lat - tall, lat + tall))
    west, east = (floor((lon + side) * TILES_PER_DEGREE) for side in (-wide, wide))
    south, north = (floor((lat + side) * TILES_PER_DEGREE) for side in (-tall, tall))
    if (north - south + 1) * (east - west + 1) > TILES_AT_MOST:
        return box
    tiles = (range(row * TILE_ROW + west, row * TILE_ROW + east + 1) for row in range(south, north + 1))
    return Q(AnyOf(F("tile"), list(chain.from_iterable(tiles)))) & box


def near_outs(found: Sequence[Near], *, by: User, at: datetime) -> list[NearPerson]:
    """Return the people in the shape for clients; two queries."""
    whole = seen_in_full(by, [one.person.pk for one in found], at=at)
    return [
        NearPerson(
            number=f"{one.person.number:08d}",
            name=one.person.name,
            phone=shown(unseal(one.person.phone_sealed, "phone"), whole=one.person.pk in whole),
            metres=round(one.metres / 100) * 100,
            seen_at=one.spot.at,
        )
        for one in found
    ]
