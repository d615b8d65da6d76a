"""The pictures on screens, and how far each console has received its picture."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.realtime.connection import Connection
from backend.realtime.frames import Message, message_of
from backend.tracking.mapfeed.grid import Tile, Window

MAX_BYTES = 64_000
"""Bytes a second to one console, headers included; the rest follows, first come first served."""
_HEADER = 10
_ABREAST = 300
"""Consoles that lag, and whose backlogs differ by at most so many entries, get the same frames from then on."""

Scopes = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Cohort:
    """Consoles in the same state. `pending` is the keys that they lack, in the order in which they changed."""

    pending: dict[str, None]
    is_new: bool = True
    connections: set[Connection] = field(default_factory=set)


class Picture:
    """The entries on one screen for one set of scopes, shared by all its consoles.

    A pending change is stored as a key alone: a console that lags gets the entry's present value later, not the old
    one.
    """

    def __init__(self, window: Window, scopes: Scopes) -> None:
        self.window = window
        self.scopes = scopes
        self.entries: dict[str, str] = {}
        self.cohorts: list[Cohort] = []
        self.shown: set[str] = set()
        """Volunteers on the screen since the last record; empty for a picture of counts."""
        self._head, self._tail = _wrapping("people" if window.resolution is None else "cells")

    def take(self, key: str, entry: str | None) -> None:
        """Put an entry on the screen, or remove it (None); an unchanged entry leaves nothing pending."""
        if entry is None:
            if self.entries.pop(key, None) is None:
                return
        elif self.entries.get(key) == entry:
            return
        else:
            self.entries[key] = entry
            if self.window.resolution is None:
                self.shown.add(key)
        for cohort in self.cohorts:
            cohort.pending[key] = None

    def join(self, connection: Connection) -> None:
        """Add a console; its first frame is full, and shared with all that came in the same turn."""
        new = next((cohort for cohort in self.cohorts if cohort.is_new), None)
        if new is None:
            new = Cohort(dict.fromkeys(self.entries))
            self.cohorts.append(new)
        new.connections.add(connection)

    def leave(self, connection: Connection) -> None:
        """Remove a console."""
        for cohort in self.cohorts:
            cohort.connections.discard(connection)
        self.cohorts = [cohort for cohort in self.cohorts if cohort.connections]

    def frames(self, room: int) -> Iterator[tuple[Message, set[Connection]]]:
        """Yield the next frame of at most `room` bytes for each cohort that lacks entries, with its recipients."""
        for cohort in list(self.cohorts):
            if cohort.pending or cohort.is_new:
                yield message_of("map", 0, self._next(cohort, room), None), cohort.connections
        self._unite()

    def _next(self, cohort: Cohort, room: int) -> str:
        head = self._head[cohort.is_new]
        left = room - len(head) - len(self._tail) - _HEADER
        told = []
        for key in cohort.pending:
            entry = self.entries.get(key) or f'"{key}":null'
            left -= len(entry) + 1
            if left < 0:
                break
            told.append(entry)
        if len(told) == len(cohort.pending):
            cohort.pending.clear()
        else:
            cohort.pending = dict.fromkeys(list(cohort.pending)[len(told) :])
        cohort.is_new = False
        return f"{head}{','.join(told)}{self._tail}"

    def _unite(self) -> None:
        """Merge cohorts that are equally far, or that lag by nearly the same entries.

        On a screen with more changes than the limit no console ever catches up: consoles that came at different times
        would get different frames for ever. An entry that is sent twice does no harm.
        """
        apart: list[Cohort] = []
        for cohort in sorted(self.cohorts, key=lambda cohort: len(cohort.pending), reverse=True):
            if apart and _are_abreast(apart[-1], cohort):
                apart[-1].pending |= cohort.pending
                apart[-1].connections |= cohort.connections
            else:
                apart.append(cohort)
        self.cohorts = apart


class Board:
    """The pictures by the tiles that they touch, to find those that a change in one place concerns."""

    def __init__(self) -> None:
        self._by_tile: dict[Tile, list[Picture]] = {}
        self.size = 0

    def add(self, picture: Picture) -> None:
        """Add a picture."""
        self.size += 1
        for tile in picture.window.tiles():
            self._by_tile.setdefault(tile, []).append(picture)

    def remove(self, picture: Picture) -> None:
        """Remove a picture."""
        self.size -= 1
        for tile in picture.window.tiles():
            there = self._by_tile[tile]
            there.remove(picture)
            if not there:
                del self._by_tile[tile]

    def at(self, tile: Tile | None) -> list[Picture]:
        """Return the pictures that touch a tile; an empty list for None."""
        return self._by_tile.get(tile, []) if tile is not None else []


def _are_abreast(more: Cohort, less: Cohort) -> bool:
    if not less.pending:
        return not more.pending
    return len(more.pending) - len(less.pending) <= _ABREAST


def _wrapping(what: str) -> tuple[tuple[str, str], str]:
    """Return the text before the entries, for a delta and for a full frame, and the text after them."""
    delta, full = (
        f'{{"topic":"map","type":"map.{what}","full":{flag},"{what}":{{' for flag in ("false", "true")
    )
    return (delta, full), "}}"
