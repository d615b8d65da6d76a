"""Reads a roster in a process of its own, so that no file can harm the process that asks for it."""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from backend.rosters.reading.columns import Column, Heading
from backend.rosters.reading.events import (
    Event,
    Noted,
    PersonFound,
    SectionFound,
    SheetFate,
    SheetListed,
    TablesFound,
)
from backend.rosters.reading.reader import LENGTH
from backend.rosters.reading.refusals import UnreadableRoster

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 4_000_000
SILENCE_S = 10.0
"""After how long without a word `waiting` is called."""
LONGEST_SILENCE_S = 900.0
TOO_LONG = "The file takes too long to read; save it as CSV."
_BLOCK = 1 << 16
_ROOT = Path(__file__).resolve().parents[3]
_READER = [sys.executable, "-B", "-m", "backend.rosters.reading.reader"]


class ReaderDied(Exception):
    """The process that read a file ended without a word: it was killed, or it broke down."""


@contextmanager
def reading_apart(
    path: Path, format: str, encoding: str, *, waiting: Callable[[], None] = lambda: None
) -> Iterator[Iterator[Event]]:
    """Give what is in a file, as `read_roster` does, from a process that ends with the context.

    Raises UnreadableRoster and ReaderDied while it is read. `waiting` is called every so often while nothing comes.
    """
    with path.open("rb") as file:
        process = subprocess.Popen(
            [*_READER, format, encoding or "utf-8"],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"},
        )
    try:
        assert process.stdout is not None
        yield _events(process, _Messages(process.stdout, waiting))
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class _Messages:
    """The messages of a reader, none of which may be longer than a reader makes them."""

    def __init__(self, output: IO[bytes], waiting: Callable[[], None]) -> None:
        self._output = output
        self._waiting = waiting
        self._have = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(output, selectors.EVENT_READ)

    def __iter__(self) -> Iterator[list[Any]]:
        with self._selector:
            while (head := self._take(LENGTH.size)) is not None:
                (length,) = LENGTH.unpack(head)
                if length > LONGEST_MESSAGE:
                    raise ReaderDied
                message = self._take(length)
                if message is None:
                    return
                yield json.loads(message)

    def _take(self, count: int) -> bytes | None:
        """Return so many bytes; None when they do not come any more."""
        while len(self._have) < count:
            self._wait()
            block = os.read(self._output.fileno(), _BLOCK)
            if not block:
                return None
            self._have += block
        taken = bytes(self._have[:count])
        del self._have[:count]
        return taken

    def _wait(self) -> None:
        since = time.monotonic()
        while not self._selector.select(SILENCE_S):
            self._waiting()
            if time.monotonic() - since > LONGEST_SILENCE_S:
                raise UnreadableRoster(TOO_LONG)


def _events(process: "subprocess.Popen[bytes]", messages: _Messages) -> Iterator[Event]:
    for kind, *fields in messages:
        if kind == "People":
            yield from map(_person, fields)
        elif kind in _MADE_FROM:
            yield _MADE_FROM[kind](*fields)
        elif kind == "End":
            return
        else:
            raise _refusal(kind, fields)
    if process.wait() == -signal.SIGXCPU:
        raise UnreadableRoster(TOO_LONG)
    raise ReaderDied(f"the reader ended with {process.returncode}")


def _refusal(kind: str, fields: list[Any]) -> UnreadableRoster:
    if kind == "Refused":
        return UnreadableRoster(fields[0])
    logger.warning("a roster broke its reader: %s", fields)
    return UnreadableRoster()


def _sheet(name: str, fate: str, rows: int) -> SheetListed:
    return SheetListed(name, SheetFate(fate), rows)


def _tables(sheet: str, begins: bool, row: int, headings: list[dict[str, Any]]) -> TablesFound:
    return TablesFound(sheet, begins, row, [_heading(heading) for heading in headings])


def _person(fields: list[Any]) -> PersonFound:
    row, table, cells, remarks = fields
    for place, cell in enumerate(cells):
        if cell.__class__ is list:
            cells[place] = datetime.fromisoformat(cell[0])
    return PersonFound(row, table, cells, remarks)


def _heading(fields: dict[str, Any]) -> Heading:
    places = {Column(column): place for column, place in fields["places"].items()}
    return Heading(fields["row"], places, fields["ignored"], fields["above"])


_MADE_FROM: dict[str, Callable[..., Event]] = {
    "SheetListed": _sheet,
    "TablesFound": _tables,
    "SectionFound": SectionFound,
    "Noted": Noted,
}
