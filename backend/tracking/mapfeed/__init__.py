"""The live map: what is on a console's screen, as deltas once a second; cost follows the screen, not the crowd."""

from backend.tracking.mapfeed.grid import PEOPLE_FROM_ZOOM, WIDEST_PX, resolution_at
from backend.tracking.mapfeed.live_feed import Feed, FeedCost, feed
from backend.tracking.mapfeed.shapes import CellOut, MapCells, MapPeople, PersonOut, Viewport
from backend.tracking.mapfeed.viewports import MAX_BYTES

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
