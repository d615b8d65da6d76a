"""The tables of tracking: tracks, latest positions, and other makers' apps that report them."""

from backend.tracking.models.positions import (
    TILE_ROW,
    TILES_PER_DEGREE,
    Fix,
    LatestPosition,
    scope_of,
    tile_of,
)
from backend.tracking.models.trackers import Tracker, TrackerDay, WhyNotStored, hash_of_secret

__all__ = [
    "TILES_PER_DEGREE",
    "TILE_ROW",
    "Fix",
    "LatestPosition",
    "Tracker",
    "TrackerDay",
    "WhyNotStored",
    "hash_of_secret",
    "scope_of",
    "tile_of",
]
