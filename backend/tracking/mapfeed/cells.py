"""Counts of people by H3 cell, updated incrementally: a move changes only the cells that it leaves and enters."""

from collections.abc import Iterator

import h3.api.basic_int as h3

from backend.tracking.mapfeed.grid import E5, Tile, tile_at, tile_size
from backend.tracking.mapfeed.markers import IS_LIVE, Dot
from backend.tracking.mapfeed.viewports import Board, Picture, Scopes


class Cell:
    """The people of one cell: their number, the number of live ones, and the sums of their places in units of E5."""

    __slots__ = ("entry", "id", "key", "lat", "live", "lon", "n", "sum_lat", "sum_lon", "tile")

    def __init__(self, id: int, size: int) -> None:
        lat, lon = h3.cell_to_latlng(id)
        self.id = id
        self.key: str = h3.int_to_str(id)
        self.lon, self.lat = round(lon * E5), round(lat * E5)
        self.tile: Tile = tile_at(self.lon, self.lat, size)
        self.n = self.live = self.sum_lon = self.sum_lat = 0
        self.entry: str | None = None

    def text(self) -> str | None:
        """Return the member of `cells` for it: its index and a `CellOut`; None for an empty cell."""
        if not self.n:
            return None
        lon, lat = round(self.sum_lon / self.n / E5, 4), round(self.sum_lat / self.n / E5, 4)
        return f'"{self.key}":{{"n":{self.n},"live":{self.live},"lon":{lon},"lat":{lat}}}'


class Level:
    """All cells of one resolution, for viewers of certain scopes: people outside these scopes are never counted."""

    def __init__(self, scopes: Scopes, resolution: int) -> None:
        self.scopes = scopes
        self.resolution = resolution
        self.board = Board()
        self.unused_turns = 0
        self._size = tile_size(resolution)
        self._cells: dict[int, Cell] = {}
        self._by_tile: dict[Tile, set[Cell]] = {}
        self._touched: set[Cell] = set()

    def put_in(self, dot: Dot) -> None:
        """Add a person to the counts."""
        id = h3.cell_to_parent(dot.base, self.resolution)
        cell = self._cells.get(id)
        if cell is None:
            cell = self._cells[id] = Cell(id, self._size)
            self._by_tile.setdefault(cell.tile, set()).add(cell)
        cell.n += 1
        cell.live += dot.age == IS_LIVE
        cell.sum_lon += dot.lon
        cell.sum_lat += dot.lat
        self._touched.add(cell)

    def take_out(self, dot: Dot) -> None:
        """Remove a person from the counts, who is unchanged since being counted."""
        cell = self._cells[h3.cell_to_parent(dot.base, self.resolution)]
        cell.n -= 1
        cell.live -= dot.age == IS_LIVE
        cell.sum_lon -= dot.lon
        cell.sum_lat -= dot.lat
        self._touched.add(cell)

    def settle(self) -> Iterator[None]:
        """Update the pictures with the changes since the last call, cell by cell."""
        while self._touched:
            cell = self._touched.pop()
            entry = cell.text()
            if entry is None:
                self._forget(cell)
            if entry != cell.entry:
                cell.entry = entry
                for picture in self.board.at(cell.tile):
                    if picture.window.covers(cell.lon, cell.lat):
                        picture.take(cell.key, entry)
            yield

    def fill(self, picture: Picture) -> Iterator[None]:
        """Fill a new picture with the present cells, nearest to its middle first."""
        for tile in picture.window.tiles():
            for cell in self._by_tile.get(tile, ()):
                if cell.entry is not None and picture.window.covers(cell.lon, cell.lat):
                    picture.take(cell.key, cell.entry)
            yield

    def _forget(self, cell: Cell) -> None:
        del self._cells[cell.id]
        there = self._by_tile[cell.tile]
        there.remove(cell)
        if not there:
            del self._by_tile[cell.tile]
