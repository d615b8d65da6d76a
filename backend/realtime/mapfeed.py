"""The live map: what is on a console's screen, as deltas once a second; cost follows the screen, not the crowd."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import h3
from pydantic import Field

from backend.lib.wire import Instant, Request, Shape
from backend.realtime.connection import Connection
from backend.realtime.models import LatestPosition
from backend.realtime.threads import in_thread

logger = logging.getLogger(__name__)

LIVE, STALE, EXPIRED = timedelta(seconds=90), timedelta(minutes=10), timedelta(minutes=60)
"""A position is live up to 90 s (three reports), stale up to ten minutes, expired up to an hour, and then gone."""
PEOPLE_FROM_ZOOM = 12.0
MAX_ENTRIES = 600
"""Entries of one frame: at about 100 bytes each at most 64 KB a second; the rest follows a second later."""
LOOK_BACK = timedelta(seconds=5)

Age = Literal["live", "stale", "expired"]


class Viewport(Request):
    """What the map shows: west, south, east, north in degrees (WGS-84), and the zoom level of web maps."""

    bbox: Annotated[list[Annotated[float, Field(ge=-180, le=180)]], Field(min_length=4, max_length=4)]
    zoom: Annotated[float, Field(ge=0, le=24)]


class CellOut(Shape):
    """People in one H3 cell: how many, how many of them live, and their mean place."""

    n: int
    live: int
    lon: float
    lat: float


class PersonOut(Shape):
    """One volunteer on the map, with the age class of the position as the server sees it."""

    lon: float
    lat: float
    age: Age
    at: Instant
    acc_m: float | None


class MapCells(Shape):
    """Cells that changed; null: nobody is there any more. `full` replaces everything shown before."""

    topic: Literal["map"] = "map"
    type: Literal["map.cells"] = "map.cells"
    full: bool
    cells: dict[str, CellOut | None]


class MapPeople(Shape):
    """Volunteers that changed, by number; null: gone. `full` replaces everything shown before."""

    topic: Literal["map"] = "map"
    type: Literal["map.people"] = "map.people"
    full: bool
    people: dict[str, PersonOut | None]


@dataclass(slots=True)
class Dot:
    """A latest position in memory."""

    person: int
    scope: str
    at: datetime
    lon: float
    lat: float
    acc_m: float | None
    cell: str
    """H3 cell of resolution 9; coarser ones are its parents."""

    def age(self, at: datetime) -> Age | None:
        """Return the age class at `at`; None: too old to show."""
        old = at - self.at
        return "live" if old <= LIVE else "stale" if old <= STALE else "expired" if old <= EXPIRED else None


Shown = dict[str, CellOut | PersonOut]


@dataclass(slots=True)
class Watcher:
    """A console and what it has been shown; `shown` is None until its first frame."""

    view: Viewport
    scopes: tuple[str, ...]
    shown: Shown | None = None
    alike: tuple[object, ...] = field(init=False)
    """Watchers that are alike get the same picture, computed once."""

    def __post_init__(self) -> None:
        self.alike = (tuple(self.view.bbox), self.view.zoom, self.scopes)


class Feed:
    """Keeps the latest positions of a process that has consoles, and shows each console what changed."""

    def __init__(self) -> None:
        self._watchers: dict[Connection, Watcher] = {}
        self._dots: dict[int, Dot] = {}
        self._read_to: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def watch(self, connection: Connection, view: Viewport, scopes: Sequence[str]) -> None:
        """Start or move a console's view; its next frame is a full one."""
        self._watchers[connection] = Watcher(view, tuple(sorted(scopes)))
        if self._task is None or self._task.done():
            self._read_to = None
            self._task = asyncio.get_running_loop().create_task(self._run())

    def leave(self, connection: Connection) -> None:
        """Stop showing."""
        self._watchers.pop(connection, None)

    async def _run(self) -> None:
        while self._watchers:
            started = time.monotonic()
            try:
                await self._refresh()
                self._show(datetime.now(UTC))
            except Exception:
                logger.exception("the live map missed a turn")
            await asyncio.sleep(max(0.2, 1.0 - (time.monotonic() - started)))
        self._dots.clear()

    async def _refresh(self) -> None:
        since = self._read_to
        dots, newest = await in_thread(_changed, since)
        if since is None:
            self._dots.clear()
        for dot in dots:
            if dot.scope:
                self._dots[dot.person] = dot
            else:
                self._dots.pop(dot.person, None)
        self._read_to = newest

    def _show(self, at: datetime) -> None:
        pictures: dict[tuple[object, ...], Shown] = {}
        frames: dict[tuple[object, ...], tuple[str, Shown]] = {}
        for connection, watcher in list(self._watchers.items()):
            picture = pictures.get(watcher.alike)
            if picture is None:
                picture = pictures[watcher.alike] = self._picture(watcher, at)
            shared = (*watcher.alike, id(watcher.shown) if watcher.shown is not None else None)
            if shared not in frames:
                frames[shared] = _frame(watcher, picture)
            text, watcher.shown = frames[shared]
            if text:
                connection.push_text(text)

    def _picture(self, watcher: Watcher, at: datetime) -> Shown:
        west, south, east, north = watcher.view.bbox
        seen = [
            (dot, age)
            for dot in self._dots.values()
            if west <= dot.lon <= east
            and south <= dot.lat <= north
            and dot.scope.startswith(watcher.scopes)
            and (age := dot.age(at)) is not None
        ]
        if watcher.view.zoom >= PEOPLE_FROM_ZOOM:
            return {f"{dot.person:08d}": _person(dot, age) for dot, age in seen}
        return _cells(seen, resolution_at(watcher.view.zoom))


def resolution_at(zoom: float) -> int:
    """Return the H3 resolution whose cells are about 60 px wide at a zoom level."""
    return max(2, min(9, round(zoom * 0.7)))


def _person(dot: Dot, age: Age) -> PersonOut:
    return PersonOut(lon=round(dot.lon, 6), lat=round(dot.lat, 6), age=age, at=dot.at, acc_m=dot.acc_m)


def _cells(seen: Iterable[tuple[Dot, Age]], resolution: int) -> Shown:
    groups: dict[str, list[tuple[Dot, Age]]] = {}
    for dot, age in seen:
        groups.setdefault(h3.cell_to_parent(dot.cell, resolution), []).append((dot, age))
    return {
        cell: CellOut(
            n=len(group),
            live=sum(age == "live" for _, age in group),
            lon=round(sum(dot.lon for dot, _ in group) / len(group), 4),
            lat=round(sum(dot.lat for dot, _ in group) / len(group), 4),
        )
        for cell, group in groups.items()
    }


def _frame(watcher: Watcher, picture: Shown) -> tuple[str, Shown]:
    """Return the frame from what was shown to the picture (empty when nothing changed), and what is shown then."""
    before, full = watcher.shown or {}, watcher.shown is None
    changes: dict[str, CellOut | PersonOut | None] = {
        key: entry for key, entry in picture.items() if before.get(key) != entry
    }
    changes |= dict.fromkeys(before.keys() - picture.keys())
    sent = dict(list(changes.items())[:MAX_ENTRIES])
    if not sent and not full:
        return "", before
    shown = {key: entry for key, entry in (before | sent).items() if entry is not None}
    shape = MapPeople if watcher.view.zoom >= PEOPLE_FROM_ZOOM else MapCells
    content = {"people" if shape is MapPeople else "cells": sent}
    return shape.model_validate({"full": full, **content}).model_dump_json(), shown


def _changed(since: datetime | None) -> tuple[list[Dot], datetime | None]:
    """Return the positions received since, and the newest moment read (runs in a thread).

    Rows are stamped before their transaction commits, so it looks a little further back than the newest it saw.
    """
    rows = LatestPosition.objects.all()
    if since is not None:
        rows = rows.filter(received_at__gte=since - LOOK_BACK)
    newest = since
    dots = []
    for person, scope, at, received_at, lon, lat, acc_m in rows.values_list(
        "person", "scope", "at", "received_at", "lon", "lat", "accuracy_m"
    ).iterator(chunk_size=5_000):
        dots.append(Dot(person, scope, at, lon, lat, acc_m, h3.latlng_to_cell(lat, lon, 9)))
        newest = received_at if newest is None else max(newest, received_at)
    return dots, newest


feed = Feed()
