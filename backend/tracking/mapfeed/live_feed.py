"""The feed of the live map: once a second it updates positions and ages, and sends each console its changes."""

import asyncio
import gc
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.lib.clock import now
from backend.realtime.connection import Connection
from backend.realtime.registry import Principal
from backend.realtime.sync import in_thread
from backend.tracking.mapfeed.access_log import Sightings
from backend.tracking.mapfeed.grid import Window
from backend.tracking.mapfeed.markers import micros
from backend.tracking.mapfeed.reading import read_changed
from backend.tracking.mapfeed.shapes import Viewport
from backend.tracking.mapfeed.state import World
from backend.tracking.mapfeed.viewports import MAX_BYTES, Picture, Scopes
from backend.tracking.queries.watching import watched_scopes

logger = logging.getLogger(__name__)

TURN_S = 1.0
SLICE_S = 0.005
"""Time slice of the map in the event loop: other sockets wait no longer than this."""
REVIEW_S = 30.0
"""Interval in which a console's scopes are read again: a change of its viewer's posts takes effect within it."""


@dataclass(frozen=True, slots=True)
class FeedCost:
    """The load of this process's live map, and the duration of its last turn."""

    dots: int = 0
    consoles: int = 0
    pictures: int = 0
    rows: int = 0
    turn_s: float = 0.0


@dataclass(slots=True, eq=False)
class Watcher:
    """A console: its viewport, its scopes, and when these were last read. Without a picture it waits for a turn."""

    window: Window
    scopes: Scopes
    reviewed: float
    picture: Picture | None = None


class Feed:
    """Keeps the latest positions of a process with consoles, and sends each console its changes."""

    def __init__(self) -> None:
        self.cost = FeedCost()
        self._watchers: dict[Connection, Watcher] = {}
        self._world = World()
        self._read_to: int | None = None
        self._shown = 0.0
        self._sightings = Sightings()
        self._task: asyncio.Task[None] | None = None

    def watch(self, connection: Connection, view: Viewport, scopes: Sequence[str]) -> None:
        """Start or move a console's view; its next frame is a full one."""
        self._look(connection, Window.of(view), _topmost(scopes))
        if self._task is None or self._task.done():
            self._start_over()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def leave(self, connection: Connection) -> None:
        """End a console's view."""
        watcher = self._watchers.pop(connection, None)
        if watcher is not None and watcher.picture is not None:
            self._sightings.saw(connection, watcher.picture)
            watcher.picture.leave(connection)

    def _look(self, connection: Connection, window: Window, scopes: Scopes) -> None:
        self.leave(connection)
        self._watchers[connection] = Watcher(window, scopes, time.monotonic())

    # --- turns ----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while self._watchers:
            started = time.monotonic()
            try:
                await self._turn(started)
            except Exception:
                logger.exception("the live map starts over")
                self._start_over()
            await asyncio.sleep(max(0.2, TURN_S - (time.monotonic() - started)))
            if not self._watchers:
                self._sightings.sweep(self._world.pictures.values(), at_once=True)
                await _at_ease(self._world.dissolve())
                self._start_over()

    async def _turn(self, started: float) -> None:
        world = self._world
        rows = await (self._read_all() if self._read_to is None else self._read())
        await _at_ease(world.grow_old(micros(now())))
        await _at_ease(world.settle())
        await self._review()
        await self._open()
        await _at_ease(self._send())
        self._sightings.sweep(world.pictures.values())
        world.tidy()
        self.cost = FeedCost(
            dots=len(world.dots),
            consoles=len(self._watchers),
            pictures=len(world.pictures),
            rows=rows,
            turn_s=time.monotonic() - started,
        )

    async def _read(self) -> int:
        """Read new rows and return how many; without the database the known positions only age."""
        try:
            rows, read_to = await in_thread(read_changed, self._read_to, now())
        except Exception as error:
            logger.warning("the live map could not be read: %r", error)
            return 0
        await _at_ease(self._world.take(rows, micros(now())))
        self._read_to = read_to
        return len(rows)

    async def _read_all(self) -> int:
        """Read for the first time, with the garbage collector off: a hundred thousand long-lived objects are made.

        During the read the collector would scan them all repeatedly, and later again, and block the loop for a tenth
        of a second each time. They form no reference cycles, so they are freed without a collector.
        """
        gc.disable()
        try:
            rows = await self._read()
            if rows:
                gc.freeze()
            return rows
        finally:
            gc.enable()

    async def _open(self) -> None:
        """Give a picture to every console that has come or moved."""
        while waiting := [(c, w) for c, w in self._watchers.items() if w.picture is None]:
            for connection, watcher in waiting:
                await _at_ease(self._world.show(watcher.window, watcher.scopes))
                if self._watchers.get(connection) is watcher:  # it may have left or moved meanwhile
                    watcher.picture = self._world.pictures[watcher.window, watcher.scopes]
                    watcher.picture.join(connection)

    def _send(self) -> Iterator[None]:
        began = time.monotonic()
        room = int(MAX_BYTES * min(1.0, (began - self._shown) / TURN_S))
        self._shown = began
        for picture in list(self._world.pictures.values()):
            for message, connections in picture.frames(room):
                for connection in connections:
                    connection.push(message)
                yield

    def _start_over(self) -> None:
        """Drop all state and read it again; the next frame of every console is a full one."""
        self._world = World()
        self._read_to = None
        for connection, watcher in self._watchers.items():
            if watcher.picture is not None:
                self._sightings.saw(connection, watcher.picture)
            watcher.picture = None

    async def _review(self) -> None:
        """Read the consoles' scopes again: posts end, and begin, while a map is open."""
        moment = time.monotonic()
        due = [(c, w) for c, w in self._watchers.items() if moment - w.reviewed > REVIEW_S]
        if not due:
            return
        try:
            found = await in_thread(_scopes_of, [connection.principal for connection, _ in due])
        except Exception as error:
            logger.warning("what consoles may see could not be reviewed: %r", error)
            return
        for (connection, watcher), scopes in zip(due, found, strict=True):
            watcher.reviewed = moment
            if self._watchers.get(connection) is watcher and scopes != watcher.scopes:
                self._look(connection, watcher.window, scopes)  # without a scope the map is empty


def _scopes_of(principals: Sequence[Principal]) -> list[Scopes]:
    return [_topmost(watched_scopes(principal)) for principal in principals]


def _topmost(scopes: Sequence[str]) -> Scopes:
    """Return the scopes that lie in no other one: the view is the same, and no person is counted twice."""
    top: list[str] = []
    for scope in sorted(scopes):
        if not top or not scope.startswith(top[-1]):
            top.append(scope)
    return tuple(top)


async def _at_ease(steps: Iterator[None]) -> None:
    """Run small steps, and yield to the loop whenever a time slice is used up."""
    began = time.perf_counter()
    for _ in steps:
        if time.perf_counter() - began > SLICE_S:
            await asyncio.sleep(0)
            began = time.perf_counter()


feed = Feed()
