"""Converts between the datums of phones and maps in China: WGS-84, GCJ-02, BD-09. Points are lon, lat in degrees.

GCJ-02 shifts a point by some 500 m, BD-09 by some 1,100 m. The forward formulas are the published ones. They have no
closed inverse, so the inverses iterate until the error is below a millimetre. Outside the box of China GCJ-02 equals
WGS-84.
"""

from collections.abc import Callable
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Literal

from typing_extensions import TypeAliasType

Datum = TypeAliasType("Datum", Literal["wgs84", "gcj02", "bd09"])
Point = tuple[float, float]

_AXIS, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323  # of the Krasovsky 1940 ellipsoid
_TURN = pi * 3000.0 / 180.0
_ENOUGH = 1e-9  # degrees: 0.1 mm


def to_wgs84(lon: float, lat: float, datum: Datum) -> Point:
    """Return the point in WGS-84, the datum of storage."""
    match datum:
        case "wgs84":
            return lon, lat
        case "gcj02":
            return gcj02_to_wgs84(lon, lat)
        case "bd09":
            return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def wgs84_to_gcj02(lon: float, lat: float) -> Point:
    """Return a WGS-84 point in GCJ-02."""
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    radians = lat / 180.0 * pi
    magic = 1.0 - _ECCENTRICITY2 * sin(radians) ** 2
    north_degrees = north * 180.0 / (_AXIS * (1.0 - _ECCENTRICITY2) / (magic * sqrt(magic)) * pi)
    east_degrees = east * 180.0 / (_AXIS / sqrt(magic) * cos(radians) * pi)
    return lon + east_degrees, lat + north_degrees


def gcj02_to_bd09(lon: float, lat: float) -> Point:
    """Return a GCJ-02 point in BD-09."""
    length = hypot(lon, lat) + 0.00002 * sin(lat * _TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _TURN)
    return length * cos(angle) + 0.0065, length * sin(angle) + 0.006


def gcj02_to_wgs84(lon: float, lat: float) -> Point:
    """Return a GCJ-02 point in WGS-84."""
    return _inverse(wgs84_to_gcj02, lon, lat)


def bd09_to_gcj02(lon: float, lat: float) -> Point:
    """Return a BD-09 point in GCJ-02."""
    return _inverse(gcj02_to_bd09, lon, lat)


def _inverse(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    """Return the point that `forward` maps to (lon, lat): correct a guess by its error until that is small enough."""
    guess_lon, guess_lat = lon, lat
    for _ in range(20):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        off_lon, off_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + off_lon, guess_lat + off_lat
        if abs(off_lon) < _ENOUGH and abs(off_lat) < _ENOUGH:
            break
    return guess_lon, guess_lat
