"""Distances on the ground."""

from math import cos, hypot, radians

from geopy.distance import geodesic


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two points (geodesic on WGS-84)."""
    return float(geodesic((lat, lon), (other_lat, other_lon)).meters)


METRES_PER_DEGREE = 111_195.08
"""Of a great circle on a sphere with the earth's mean radius of 6,371.009 km."""
ROUGH_ERROR = 0.01
"""The largest error of a `rough` distance, up to 300 km between 60° south and 60° north."""
NEAR_ERROR = 0.002
"""The largest error of a `near_distance_m`, under the same conditions."""


def near_distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two points that are near each other, in a hundredth of the time of `distance_m`.

    The planar formula of the FCC (47 CFR 73.208), with the ellipsoid's degrees at the middle latitude.
    """
    middle = radians((lat + other_lat) / 2)
    tall = 111_132.09 - 566.05 * cos(2 * middle) + 1.20 * cos(4 * middle)
    wide = 111_415.13 * cos(middle) - 94.55 * cos(3 * middle) + 0.12 * cos(5 * middle)
    return hypot((other_lat - lat) * tall, (other_lon - lon) * wide)
