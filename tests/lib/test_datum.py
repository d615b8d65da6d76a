"""Conversion between datums, against published vectors and its own inverse."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.datum import (
    Datum,
    Point,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)
from backend.lib.geo import distance_m

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "coord_vectors.json").read_text(encoding="utf-8")
)
in_zhejiang = st.tuples(st.floats(118, 123), st.floats(27, 31.2))
in_china = st.tuples(st.floats(75, 134), st.floats(4, 53))


def off_m(one: Point, other: Point) -> float:
    return distance_m(*one, *other)


@pytest.mark.parametrize("vector", VECTORS["wgs_to_gcj"])
def test_wgs84_to_gcj02(vector: list[float]) -> None:
    lat, lon, gcj_lat, gcj_lon = vector

    assert wgs84_to_gcj02(lon, lat) == pytest.approx((gcj_lon, gcj_lat), abs=1e-9)


@pytest.mark.parametrize("vector", VECTORS["gcj_to_wgs_iterated"])
def test_gcj02_to_wgs84(vector: list[float]) -> None:
    lat, lon, wgs_lat, wgs_lon = vector

    assert gcj02_to_wgs84(lon, lat) == pytest.approx((wgs_lon, wgs_lat), abs=1e-9)


@pytest.mark.parametrize("vector", VECTORS["gcj_to_bd"])
def test_gcj02_to_bd09(vector: list[float]) -> None:
    lat, lon, bd_lat, bd_lon = vector

    assert gcj02_to_bd09(lon, lat) == pytest.approx((bd_lon, bd_lat), abs=1e-9)


@pytest.mark.parametrize("vector", VECTORS["bd_to_gcj_one_pass"])
def test_bd09_to_gcj02_is_within_metres_of_the_one_pass_formula(vector: list[float]) -> None:
    lat, lon, gcj_lat, gcj_lon = vector

    assert off_m(bd09_to_gcj02(lon, lat), (gcj_lon, gcj_lat)) < 2


@pytest.mark.parametrize("place", VECTORS["zhejiang"].values(), ids=VECTORS["zhejiang"])
@pytest.mark.parametrize(("datum", "key"), [("gcj02", "gcj"), ("bd09", "bd"), ("wgs84", "wgs")])
def test_places_come_back_from_every_datum(place: dict[str, list[float]], datum: Datum, key: str) -> None:
    lat, lon = place[key]

    assert off_m(to_wgs84(lon, lat, datum), (place["wgs"][1], place["wgs"][0])) < 0.001


@given(in_china)
def test_inverse_is_within_a_millimetre(point: Point) -> None:
    assert off_m(to_wgs84(*wgs84_to_gcj02(*point), "gcj02"), point) < 0.001
    assert off_m(to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(*point)), "bd09"), point) < 0.001


@given(in_zhejiang)
def test_a_wrong_datum_is_half_a_kilometre_off(point: Point) -> None:
    assert 400 < off_m(wgs84_to_gcj02(*point), point) < 700


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_any_point_converts_to_a_finite_one(lon: float, lat: float) -> None:
    for datum in ("wgs84", "gcj02", "bd09"):
        assert all(abs(value) <= 400 for value in to_wgs84(lon, lat, datum))


def test_abroad_gcj02_is_wgs84() -> None:
    assert to_wgs84(2.35, 48.85, "gcj02") == (2.35, 48.85)
