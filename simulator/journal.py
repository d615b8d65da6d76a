"""The record of what one phone was shown: the evidence that a checker compares with the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """One event as the person was shown it; `at` is on the monotonic clock."""

    seq: int
    type: str
    at: float
    data: dict[str, Any]


@dataclass(slots=True)
class Stream:
    """One topic on one phone: its first event, its cursor, and the events that it showed.

    `start` is the head of the snapshot that replaces all earlier events. `jumps` are later snapshots, needed only
    when the log no longer reaches back to the cursor. `late` are events that came after a later one, and so were
    never shown.
    """

    start: int
    cursor: int
    shown: list[Shown] = field(default_factory=list)
    repeats: int = 0
    jumps: list[tuple[int, int]] = field(default_factory=list)
    late: list[int] = field(default_factory=list)

    def copy(self) -> "Stream":
        """Return a copy of the present state."""
        return replace(self, shown=list(self.shown), jumps=list(self.jumps), late=list(self.late))


class Journal:
    """The topics of one phone, by name."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.ended: list[str] = []
        self.foreign: list[str] = []

    def cursors(self) -> dict[str, int]:
        """Return the phone's cursor in each topic."""
        return {topic: stream.cursor for topic, stream in self.streams.items()}

    def begin(self, topic: str, head: int) -> None:
        """Start from a snapshot taken at `head`."""
        stream = self.streams.get(topic)
        if stream is None:
            self.streams[topic] = Stream(start=head, cursor=head)
        elif head > stream.cursor:
            stream.jumps.append((stream.cursor, head))
            stream.cursor = head

    def show(self, topic: str, shown: Shown) -> bool:
        """Take one event; False for a repetition, which the person never sees."""
        stream = self.streams.get(topic)
        if stream is None:
            self.foreign.append(topic)
            return False
        if shown.seq <= stream.cursor:
            stream.repeats += 1
            if shown.seq > stream.start and all(earlier.seq != shown.seq for earlier in stream.shown):
                stream.late.append(shown.seq)
            return False
        stream.shown.append(shown)
        stream.cursor = shown.seq
        return True

    def reach(self, topic: str, head: int) -> None:
        """Move the cursor to a head that the server guarantees: no event up to it is missing."""
        stream = self.streams[topic]
        stream.cursor = max(stream.cursor, head)

    def copy(self) -> "Journal":
        """Return a copy of the journal, for a checker that reads it while the phone goes on."""
        copy = Journal()
        copy.streams = {topic: stream.copy() for topic, stream in self.streams.items()}
        copy.ended, copy.foreign = list(self.ended), list(self.foreign)
        return copy

    def turn_page(self) -> None:
        """Restart the journal: each topic begins at its cursor, as after a snapshot."""
        self.streams = {topic: Stream(s.cursor, s.cursor) for topic, s in self.streams.items()}
        self.ended, self.foreign = [], []

    def end(self, topic: str) -> None:
        """Forget a topic that was revoked."""
        if self.streams.pop(topic, None) is not None:
            self.ended.append(topic)

    def of_type(self, type: str) -> Iterable[Shown]:
        """Yield the events of one type, topic by topic."""
        for stream in self.streams.values():
            yield from (shown for shown in stream.shown if shown.type == type)
