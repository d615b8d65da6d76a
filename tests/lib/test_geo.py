"""Distances on the ground."""

import pytest

from backend.lib.geo import distance_m


def test_distance_of_one_minute_of_latitude_is_a_nautical_mile() -> None:
    assert distance_m(120, 29.5, 120, 29.5 + 1 / 60) == pytest.approx(1852, rel=0.005)


def test_distance_to_oneself_is_none() -> None:
    assert distance_m(119.89, 29.45, 119.89, 29.45) == 0
