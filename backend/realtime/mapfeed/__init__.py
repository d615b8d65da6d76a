"""The live map: what is on a console's screen, as deltas once a second; cost follows the screen, not the crowd."""

from backend.realtime.mapfeed.grid import PEOPLE_FROM_ZOOM, WIDEST_PX, resolution_at
from backend.realtime.mapfeed.pictures import MAX_BYTES
from backend.realtime.mapfeed.shapes import CellOut, MapCells, MapPeople, PersonOut, Viewport
from backend.realtime.mapfeed.turns import Feed, FeedCost, feed

__all__ = [
    "MAX_BYTES",
    "PEOPLE_FROM_ZOOM",
    "WIDEST_PX",
    "CellOut",
    "Feed",
    "FeedCost",
    "MapCells",
    "MapPeople",
    "PersonOut",
    "Viewport",
    "feed",
    "resolution_at",
]
