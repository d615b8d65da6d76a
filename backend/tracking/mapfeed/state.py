"""The live map of one process: the places of people, the counts, the pictures on screens.

Plain Python with one writer. Long work is a generator of small steps, so that the caller decides when others get their
turn. Between the steps no other code may change the state.
"""

import heapq
from collections.abc import Iterator, Sequence

import h3.api.basic_int as h3

from backend.tracking.mapfeed.cells import Level
from backend.tracking.mapfeed.grid import BASE, E5, Tile, Window, tile_at, tile_size
from backend.tracking.mapfeed.markers import GONE, Dot, Micros, Row, age_at, changes_at
from backend.tracking.mapfeed.viewports import Board, Picture, Scopes

STEP = 32
"""Rows, or people, in one step."""
LINGER_TURNS = 30
"""How long unwatched counts are kept: a viewer who zooms out and in again does not wait."""
_PEOPLE_TILE = tile_size(None)


class World:
    """Dots by person and by tile, counts by scope and resolution, pictures by window and scope."""

    def __init__(self) -> None:
        self.dots: dict[int, Dot] = {}
        self.pictures: dict[tuple[Window, Scopes], Picture] = {}
        self._tiles: dict[Tile, dict[int, Dot]] = {}
        self._board = Board()
        self._levels: dict[tuple[Scopes, int], Level] = {}
        self._levels_of: dict[str, list[Level]] = {}
        self._touched: dict[int, Tile | None] = {}
        """People who changed since the last `settle`, and the tile in which pictures have seen them."""
        self._alarms: list[tuple[Micros, int]] = []
        self._scopes: dict[str, str] = {}

    # --- dots -----------------------------------------------------------------------------------------------------

    def take(self, rows: Sequence[Row], at: Micros) -> Iterator[None]:
        """Take rows of latest positions, with repetitions; remove people without a scope or with an old position."""
        for n, row in enumerate(rows):
            dot = self.dots.get(row[0])
            if dot is None or dot.received_at != row[3]:
                self._put(dot, row, at)
            if not n % STEP:
                yield

    def grow_old(self, at: Micros) -> Iterator[None]:
        """Update people whose age class has changed by time alone."""
        n = 0
        while self._alarms and self._alarms[0][0] < at:
            due, person = heapq.heappop(self._alarms)
            dot = self.dots.get(person)
            if dot is not None and dot.alarm == due:
                self._grow(dot, at)
            n += 1
            if not n % STEP:
                yield

    def dissolve(self) -> Iterator[None]:
        """Release all people step by step: a hundred thousand at once would block for a twentieth of a second."""
        while self._tiles:
            self._tiles.popitem()
            yield
        for n in range(len(self.dots)):
            self.dots.popitem()
            if not n % STEP:
                yield
        while self._alarms:
            del self._alarms[-1_000:]
            yield

    def _put(self, dot: Dot | None, row: Row, at: Micros) -> None:
        person, scope, seen_at, received_at, lon, lat, accuracy_m = row
        age = age_at(seen_at, at)
        if not scope or age == GONE:
            if dot is not None:
                self._remove(dot)
            return
        self._touched.setdefault(person, dot.tile if dot else None)
        if dot is None:
            dot = self.dots[person] = Dot(person)
        else:
            self._count_out(dot)
        dot.scope = self._scopes.setdefault(scope, scope)
        dot.at, dot.received_at, dot.accuracy_m, dot.age, dot.entry = (
            seen_at,
            received_at,
            accuracy_m,
            age,
            None,
        )
        self._place(dot, round(lon * E5), round(lat * E5))
        self._count_in(dot)
        self._arm(dot)

    def _place(self, dot: Dot, lon: int, lat: int) -> None:
        if (lon, lat) == (dot.lon, dot.lat) and dot.base:
            return
        dot.lon, dot.lat = lon, lat
        dot.base = h3.latlng_to_cell(lat / E5, lon / E5, BASE)
        tile = tile_at(lon, lat, _PEOPLE_TILE)
        here = self._tiles.get(tile)
        if here is None:
            here = self._tiles[tile] = {}
        if dot.person not in here:
            self._lift(dot)
            here[dot.person] = dot
            dot.tile = tile

    def _lift(self, dot: Dot) -> None:
        there = self._tiles.get(dot.tile)
        if there is None:
            return
        there.pop(dot.person, None)
        if not there:
            del self._tiles[dot.tile]

    def _remove(self, dot: Dot) -> None:
        self._touched.setdefault(dot.person, dot.tile)
        self._count_out(dot)
        self._lift(dot)
        del self.dots[dot.person]

    def _grow(self, dot: Dot, at: Micros) -> None:
        dot.alarm = None
        age = age_at(dot.at, at)
        if age == GONE:
            self._remove(dot)
            return
        if age != dot.age:
            self._touched.setdefault(dot.person, dot.tile)
            self._count_out(dot)
            dot.age, dot.entry = age, None
            self._count_in(dot)
        self._arm(dot)

    def _arm(self, dot: Dot) -> None:
        """Ensure that an alarm comes in time. An early alarm is moved on when it comes, and not at every report."""
        due = changes_at(dot.at, dot.age)
        if dot.alarm is None or due < dot.alarm:
            dot.alarm = due
            heapq.heappush(self._alarms, (due, dot.person))

    # --- counts ---------------------------------------------------------------------------------------------------

    def _count_in(self, dot: Dot) -> None:
        for level in self._counting(dot.scope):
            level.put_in(dot)

    def _count_out(self, dot: Dot) -> None:
        for level in self._counting(dot.scope):
            level.take_out(dot)

    def _counting(self, scope: str) -> list[Level]:
        levels = self._levels_of.get(scope)
        if levels is None:
            levels = [level for level in self._levels.values() if scope.startswith(level.scopes)]
            self._levels_of[scope] = levels
        return levels

    def _make_level(self, scopes: Scopes, resolution: int) -> Iterator[None]:
        level = Level(scopes, resolution)
        for n, dot in enumerate(self.dots.values()):
            if dot.scope.startswith(scopes):
                level.put_in(dot)
            if not n % STEP:
                yield
        self._levels[scopes, resolution] = level
        self._levels_of.clear()
        yield from level.settle()

    # --- pictures -------------------------------------------------------------------------------------------------

    def show(self, window: Window, scopes: Scopes) -> Iterator[None]:
        """Make the picture of a window for these scopes, unless it exists; call it after `settle`."""
        if (window, scopes) in self.pictures:
            return
        picture = Picture(window, scopes)
        if window.resolution is None:
            yield from self._fill(picture)
            self._board.add(picture)
        else:
            if (scopes, window.resolution) not in self._levels:
                yield from self._make_level(scopes, window.resolution)
            level = self._levels[scopes, window.resolution]
            yield from level.fill(picture)
            level.board.add(picture)
        self.pictures[window, scopes] = picture

    def settle(self) -> Iterator[None]:
        """Update all pictures with new rows and new ages."""
        for level in list(self._levels.values()):
            yield from level.settle()
        for n, (person, tile) in enumerate(self._touched.items()):
            self._tell(person, tile)
            if not n % STEP:
                yield
        self._touched.clear()

    def tidy(self) -> None:
        """Remove pictures without a viewer; once a turn."""
        for (window, scopes), picture in list(self.pictures.items()):
            if not picture.cohorts:
                del self.pictures[window, scopes]
                resolution = window.resolution
                board = self._board if resolution is None else self._levels[scopes, resolution].board
                board.remove(picture)
        for key, level in list(self._levels.items()):
            level.unused_turns = 0 if level.board.size else level.unused_turns + 1
            if level.unused_turns > LINGER_TURNS:
                del self._levels[key]
                self._levels_of.clear()

    def _fill(self, picture: Picture) -> Iterator[None]:
        for tile in picture.window.tiles():
            for n, dot in enumerate(self._tiles.get(tile, {}).values()):
                if _shows(picture, dot):
                    picture.take(f"{dot.person:08d}", dot.text())
                if not n % STEP:
                    yield

    def _tell(self, person: int, tile: Tile | None) -> None:
        dot = self.dots.get(person)
        concerned = self._board.at(tile)
        if dot is not None and dot.tile != tile:
            concerned = [*concerned, *self._board.at(dot.tile)]
        for picture in concerned:
            entry = dot.text() if dot is not None and _shows(picture, dot) else None
            picture.take(f"{person:08d}", entry)


def _shows(picture: Picture, dot: Dot) -> bool:
    return picture.window.covers(dot.lon, dot.lat) and dot.scope.startswith(picture.scopes)
