"""The grids of the map: tiles of degrees, of which a screen touches a few, and the H3 resolution of its cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import h3.api.basic_int as h3

from backend.tracking.mapfeed.shapes import Viewport

E5 = 100_000
"""Places in memory are integers of 1e-5 degrees (about a metre), so that sums and means are exact."""
PEOPLE_FROM_ZOOM = 12.0
WIDEST_PX = 8_192
"""A viewport wider or higher than this at its zoom is shown at a lower zoom: no screen is larger."""
BASE = 9
"""The H3 resolution of a dot; the cells of a picture are its parents."""
COARSEST = 2
_WORLD_PX = 512
_PEOPLE_TILE = E5 // 20
_ROUNDNESS = 1.3
"""The ratio of a corner's largest distance from its cell's centre to the mean edge."""
_KM_OF_DEGREE = 111.2

Tile = tuple[int, int]


def resolution_at(zoom: float) -> int:
    """Return the H3 resolution whose cells are about 60 px wide at a zoom level."""
    return max(COARSEST, min(BASE, round(zoom * 0.7)))


def tile_size(resolution: int | None) -> int:
    """Return the width of a tile for cells of a resolution, or for people (None), in units of E5.

    256 px at the lowest zoom that shows the resolution: the widest viewport touches some 33 × 33.
    """
    if resolution is None:
        return _PEOPLE_TILE
    zoom = 0 if resolution == COARSEST else int((resolution - 0.5) / 0.7)
    return int(180 * E5 / 2**zoom)


def tile_at(lon: int, lat: int, size: int) -> Tile:
    """Return the tile of a place."""
    return lon // size, lat // size


@dataclass(frozen=True, slots=True)
class Window:
    """A prepared viewport: bounds in units of E5, and the resolution of its cells (None: it shows people).

    A cell is shown whole when it may touch the screen. So the bounds for cells lie a cell's radius further out, and
    the test is for its centre.
    """

    west: int
    south: int
    east: int
    north: int
    resolution: int | None

    @classmethod
    def of(cls, view: Viewport) -> "Window":
        """Return the window of a viewport."""
        zoom = _seen_from(view)
        resolution = None if zoom >= PEOPLE_FROM_ZOOM else resolution_at(zoom)
        lon_margin, lat_margin = _margins(view.bbox, resolution)
        west, south, east, north = view.bbox
        return cls(
            west=math.ceil(max(west - lon_margin, -180) * E5),
            south=math.ceil(max(south - lat_margin, -90) * E5),
            east=math.floor(min(east + lon_margin, 180) * E5),
            north=math.floor(min(north + lat_margin, 90) * E5),
            resolution=resolution,
        )

    def covers(self, lon: int, lat: int) -> bool:
        """Tell whether a place is inside."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def tiles(self) -> list[Tile]:
        """Return the tiles that it touches, nearest to its middle first."""
        size = tile_size(self.resolution)
        (left, low), (right, high) = (
            tile_at(self.west, self.south, size),
            tile_at(self.east, self.north, size),
        )
        x, y = (left + right) / 2, (low + high) / 2
        touched = [(i, j) for i in range(left, right + 1) for j in range(low, high + 1)]
        return sorted(touched, key=lambda tile: (tile[0] - x) ** 2 + (tile[1] - y) ** 2)


def _seen_from(view: Viewport) -> float:
    west, south, east, north = view.bbox
    span = max(east - west, north - south)
    widest = WIDEST_PX * 360 / _WORLD_PX
    return view.zoom if span * 2**view.zoom <= widest else math.log2(widest / span)


def _margins(bbox: Sequence[float], resolution: int | None) -> tuple[float, float]:
    """Return how far outside the screen a visible cell's centre may be, in degrees of lon and lat."""
    if resolution is None:
        return 0.0, 0.0
    lat = h3.average_hexagon_edge_length(resolution, "km") * _ROUNDNESS / _KM_OF_DEGREE
    narrowest = math.cos(math.radians(min(89.0, max(abs(bbox[1]), abs(bbox[3])) + lat)))
    return lat / narrowest, lat
