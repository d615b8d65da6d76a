"""The process in which a roster is read: it may use so much memory and time, and writes what it finds to its output.

`python -m backend.rosters.reading.reader FORMAT ENCODING`, with the file as its input. It knows no database, no
settings and no secrets; whatever a file does to it, nothing else comes to harm.
"""

import json
import resource
import struct
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from backend.rosters.reading.columns import Heading
from backend.rosters.reading.events import Event, PersonFound
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.rows import read_roster

MEMORY = 320 << 20
"""Bytes of address space: the largest workbook that is read takes half of it."""
SECONDS = 300
"""Of the processor: a million rows take thirty."""
LENGTH = struct.Struct("<I")
_TOGETHER = 1 << 16
"""Characters of people that are sent together."""
TOO_MUCH_MEMORY = "The file takes more memory than a roster may; save it as CSV."


class Sender:
    """Sends what was found, people by the hundred: each message is JSON after its length."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._people: list[str] = []
        self._size = 0

    def send(self, kind: str, *fields: Any) -> None:
        """Send a message at once, after the people who came before it."""
        self.flush()
        self._write(json.dumps([kind, *fields], ensure_ascii=False))

    def event(self, event: Event) -> None:
        """Send what was found, or keep it until there is enough of it."""
        if not isinstance(event, PersonFound):
            self.flush()
            self._write(json.dumps([type(event).__name__, *event], ensure_ascii=False, default=_told))
            return
        text = json.dumps(event, ensure_ascii=False, default=_told, check_circular=False)
        self._people.append(text)
        self._size += len(text)
        if self._size > _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Send the people who were kept."""
        if self._people:
            self._write(f'["People",{",".join(self._people)}]')
            self._people.clear()
            self._size = 0

    def _write(self, text: str) -> None:
        message = text.encode()
        self._output.write(LENGTH.pack(len(message)) + message)
        self._output.flush()


def _told(value: Any) -> Any:
    """Return a date as a list of its text, which no other cell is, and a heading as its fields."""
    if isinstance(value, datetime):
        return [value.isoformat()]
    if isinstance(value, Heading):
        return asdict(value)
    raise TypeError(type(value).__name__)


def main(arguments: Sequence[str]) -> None:
    """Read the file and send what is in it; the last message says how it ended."""
    format, encoding = arguments
    _limit()
    sender = Sender(sys.stdout.buffer)
    try:
        for event in read_roster(sys.stdin.buffer, format, encoding):
            sender.event(event)
        sender.send("End")
    except UnreadableRoster as refusal:
        sender.send("Refused", refusal.detail)
    except MemoryError:
        sender.send("Refused", TOO_MUCH_MEMORY)
    except BrokenPipeError:
        sys.exit(1)  # the process that asked is no more
    except (
        Exception
    ) as error:  # a broken workbook may break whatever reads it; texts of the file are not told
        place = traceback.extract_tb(error.__traceback__)[-1]
        sender.send("Broken", f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}")


def _limit() -> None:
    """Bound what this process may use; it may write no file."""
    if sys.platform != "darwin":  # which knows the limit and does not take it
        _bound(resource.RLIMIT_AS, MEMORY)
    _bound(resource.RLIMIT_CPU, SECONDS)
    _bound(resource.RLIMIT_FSIZE, 0)
    _bound(resource.RLIMIT_CORE, 0)


def _bound(kind: int, most: int) -> None:
    """Set a limit, or leave a lower one that there is."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main(sys.argv[1:])
