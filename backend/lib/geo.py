"""Distances on the ground."""

from geopy.distance import geodesic


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two points (geodesic on WGS-84)."""
    return float(geodesic((lat, lon), (other_lat, other_lon)).meters)


METRES_PER_DEGREE = 111_195.08
"""Of a great circle, on a sphere with the earth's mean radius of 6,371.009 km."""
ROUGH_ERROR = 0.01
"""By how much at most a `rough` distance differs from the true one, up to 300 km between 60° south and 60° north."""
