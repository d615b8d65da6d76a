"""The people nearest to a place: exactly those that comparing everybody would find."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import cos, hypot, radians
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.models import User
from backend.lib.geo import METRES_PER_DEGREE, NEAR_ERROR, ROUGH_ERROR, distance_m, near_distance_m
from backend.tracking.models import LatestPosition, tile_of
from backend.tracking.positions import forget
from backend.tracking.queries import nearest
from backend.tracking.queries.nearest import nearest_on_duty
from backend.volunteers.models import AccessEntry, Skill, Unit, Volunteer
from tests.builders import crowd
from tests.conftest import Formation, MakeVolunteer, SignedInClient

SQUARE = (119.8921, 29.4512)
ClientOf = Callable[[User], SignedInClient]


def put(person: Volunteer, unit: Unit, at: datetime, *, lon: float, lat: float) -> None:
    LatestPosition.objects.create(
        person=person.number, scope=unit.path, at=at, received_at=at, lon=lon, lat=lat
    )


def found(unit: Unit, at: datetime, *, limit: int = 50, skills: tuple[str, ...] = ()) -> list[int]:
    near = nearest_on_duty(*SQUARE, skills=skills, within_unit=unit, limit=limit, at=at)
    return [one.person.number for one in near]


def test_nearest_are_on_duty_with_the_skill_and_of_the_unit(
    make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    a, c = formation.squadron_a, formation.squadron_c
    far, near, unskilled, off, elsewhere, old, gone = (
        make_volunteer(a, skills=["boat"]),
        make_volunteer(a, skills=["boat", "radio"]),
        make_volunteer(a),
        make_volunteer(a, skills=["boat"], on_duty=False),
        make_volunteer(c, skills=["boat"]),
        make_volunteer(a, skills=["boat"]),
        make_volunteer(a, skills=["boat"]),
    )
    for person, unit in ((near, a), (unskilled, a), (off, a), (elsewhere, c), (gone, a)):
        put(person, unit, at, lon=119.9, lat=29.46)
    put(far, a, at, lon=121.5, lat=29.9)
    put(old, a, at - timedelta(hours=2), lon=119.9, lat=29.46)
    forget([gone.number], at=at)

    assert found(formation.brigade, at, skills=("boat",)) == [near.number, far.number]
    assert found(formation.brigade, at, skills=("boat", "radio")) == [near.number]
    assert found(formation.brigade, at, limit=1, skills=("boat",)) == [near.number]
    assert set(found(formation.brigade, at)) == {near.number, unskilled.number, far.number}
    assert found(formation.squadron_b, at) == []


def make_crowd(unit: Unit, people: int, at: datetime, spread: float) -> dict[int, tuple[float, float]]:
    """Make people on duty around the square, a tenth of them with the skill `boat`; returns where those are."""
    chance = Random(people)
    volunteers = crowd(people, unit, at, numbers=range(30_000_000, 30_000_000 + people))
    boat = Skill.objects.get(code="boat")
    places = {
        v.number: (chance.gauss(SQUARE[0], spread), chance.gauss(SQUARE[1], spread)) for v in volunteers
    }
    able = [v for v in volunteers if v.number % 10 == 0]
    Volunteer.skills.through.objects.bulk_create(
        [Volunteer.skills.through(volunteer=v, skill=boat) for v in able]
    )
    LatestPosition.objects.bulk_create(
        LatestPosition(person=number, scope=unit.path, at=at, received_at=at, lon=lon, lat=lat)
        for number, (lon, lat) in places.items()
    )
    return {v.number: places[v.number] for v in able}


@pytest.mark.parametrize("spread", [0.0, 0.003, 0.05, 0.6])
def test_nearest_are_those_that_comparing_everybody_finds(
    formation: Formation, at: datetime, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "PORTION", 70)
    able = make_crowd(formation.squadron_a, 2_000, at, spread)
    everybody = sorted((distance_m(*SQUARE, *place), number) for number, place in able.items())

    for limit in (1, 50, 200):
        assert found(formation.headquarters, at, skills=("boat",), limit=limit) == [
            number for _, number in everybody[:limit]
        ]


@given(
    lat=st.floats(-60, 60),
    north_km=st.floats(-200, 200),
    east_km=st.floats(-200, 200),
)
def test_rough_distance_is_nearly_right(lat: float, north_km: float, east_km: float) -> None:
    other = lat + north_km * 1000 / METRES_PER_DEGREE
    if not -60 <= other <= 60:
        return
    east = east_km * 1000 / (METRES_PER_DEGREE * cos(radians(lat)))
    scale = cos(radians((lat + other) / 2))
    rough = hypot(north_km * 1000, east * METRES_PER_DEGREE * scale)
    true = distance_m(100.0, lat, 100.0 + east, other)

    assert abs(rough - true) <= ROUGH_ERROR * true + 0.01
    near = near_distance_m(100.0, lat, 100.0 + east, other)
    assert abs(near - true) <= NEAR_ERROR * true + 0.01


def test_database_computes_tiles_as_we_do(db: None, at: datetime) -> None:
    places = [(119.89, 29.45), (-0.001, -0.001), (-70.5, 12.02), (0.0, 0.0), (179.99, -33.3)]
    for n, (lon, lat) in enumerate(places):
        LatestPosition.objects.create(person=n, scope="", at=at, received_at=at, lon=lon, lat=lat)

    assert list(LatestPosition.objects.order_by("person").values_list("tile", flat=True)) == [
        tile_of(lon, lat) for lon, lat in places
    ]


def test_door_tells_roughly_how_far_away_people_are(
    leader: User,
    commander: User,
    volunteer: User,
    stranger: User,
    formation: Formation,
    client_of: ClientOf,
    at: datetime,
) -> None:
    put(volunteer.volunteer, formation.squadron_a, at, lon=119.9, lat=29.46)
    address = f"/api/v1/units/{formation.squadron_a.number}/nearest"
    place: dict[str, Any] = {"lon": SQUARE[0], "lat": SQUARE[1], "datum": "wgs84"}
    client = client_of(leader)

    (row,) = client.get(address, place).json()

    assert (row["name"], row["metres"]) == ("王大妈", 1_200)
    assert row["phone"] == volunteer.phone  # the leader of the very unit may have to call
    (seen_by_commander,) = client_of(commander).get(address, place).json()
    assert seen_by_commander["phone"].count("*") == 4
    looks = (
        AccessEntry.objects.filter(subject=volunteer.volunteer).order_by("pk").values_list("viewer", "what")
    )
    assert list(looks) == [(leader.pk, "location"), (leader.pk, "phone"), (commander.pk, "location")]
    assert client.get(address, place | {"skill": "boat"}).json() == []
    for wrong in ({"datum": "wgs"}, {"lon": "NaN"}, {"limit": 101}, {"skill": "\0"}):
        assert client.get(address, place | wrong).status_code == 422
    del place["datum"]
    assert client.get(address, place).status_code == 422
    assert client_of(stranger).get(address, place).status_code == 404


def test_nearest_takes_the_same_queries_for_one_person_and_three(
    make_volunteer: MakeVolunteer, formation: Formation, at: datetime, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        put(make_volunteer(formation.squadron_a), formation.squadron_a, at, lon=119.9, lat=29.46)

    for limit in (1, 3):
        with django_assert_max_num_queries(18):
            assert len(found(formation.squadron_a, at, limit=limit)) == limit
