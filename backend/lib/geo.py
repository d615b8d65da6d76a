"""Distances on the ground."""

from geopy.distance import geodesic


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two points (geodesic on WGS-84)."""
    return float(geodesic((lat, lon), (other_lat, other_lon)).meters)
