"""An act: its caller, its time and its post; its record and its events are written once, at its end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from backend.accounts.models import User
from backend.audit.acts import ActName
from backend.audit.services import Record, record_all
from backend.realtime.events import Event
from backend.realtime.log import Announcement, Audience, publish_all
from backend.realtime.sessions import SIGNED_OUT, announce_ended, store_ended


class Allows(Protocol):
    """A grant, as far as an act needs it: what the record says of it."""

    @property
    def title(self) -> str:
        """Return the title of the post, empty for an act of one's own."""


@dataclass(slots=True, eq=False)
class Told:
    """An event that an act tells; `seq` is its number in the topic, which it has when it is published."""

    announcement: Announcement
    seq: int = 0


@dataclass(slots=True)
class _End:
    """What an act has come to so far, to be written at its end."""

    records: list[Record] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    sessions: list[tuple[UUID, int]] = field(default_factory=list)
    notes: list[Callable[[], None]] = field(default_factory=list)

    def write(self, at: datetime) -> None:
        """Write the record in one statement, then publish; nothing follows but what notes the numbers of events."""
        record_all(self.records)
        store_ended(self.sessions, at=at)
        heard = [told for told in self.told if told.announcement.topic not in self.silent]
        seqs = publish_all([told.announcement for told in heard], at=at)
        for told, seq in zip(heard, seqs, strict=True):
            told.seq = seq
        for note in self.notes:
            note()
        # Behind the news: the sockets are to hear it before they close.
        if self.sessions:
            transaction.on_commit(partial(announce_ended, self.sessions, at=at))


@dataclass(frozen=True, slots=True)
class Act:
    """What a service is doing: the caller `by` (None: the clock, or an operator at the machine), at `at`.

    Handed down to all that is done with it, hooks of other rooms included. `post` is the title of the post that allows
    it, empty for an act of one's own.
    """

    by: User | None
    at: datetime
    post: str = ""
    _end: _End = field(default_factory=_End)

    def record(self, act: ActName, subject: str, **details: Any) -> None:
        """Record what was done to a subject (kind.id); details are ids, codes and counts, never what people write."""
        self._end.records.append(Record(act, subject, self.by, self.at, self.post, details))

    def tell(self, topic: str, event: Event, audience: Audience | None = None) -> Told:
        """Tell an event on a topic, to all who have joined it or to an audience."""
        return self.tell_all([Announcement(topic, event, audience)])[0]

    def tell_all(self, announcements: Iterable[Announcement]) -> list[Told]:
        """Tell several events, each topic's in this order."""
        told = [Told(announcement) for announcement in announcements]
        self._end.told += told
        return told

    def once_told(self, note: Callable[[], None]) -> None:
        """Have something noted that needs the numbers of events: it runs when they are published, and locks nothing."""
        self._end.notes.append(note)

    def keep_silent_on(self, topics: Iterable[str]) -> None:
        """Tell nothing on these topics after all: their person is no more."""
        self._end.silent.update(topics)

    def end_session(self, session: UUID, *, code: int = SIGNED_OUT) -> None:
        """Close the sockets of a device once the act is committed, behind what it tells them."""
        self._end.sessions.append((session, code))

    def of(self, by: User | None, *, at: datetime | None = None, grant: Allows | None = None) -> "Act":
        """Return the same act for the part of another caller: its record names that caller and their post."""
        return Act(by, at or self.at, grant.title if grant else "", self._end)


_is_open: ContextVar[bool] = ContextVar("is_open", default=False)


@contextmanager
def acting(*, by: User | None, at: datetime, grant: Allows | None = None) -> Iterator[Act]:
    """Open an act inside its transaction; on leaving, its lines are recorded and its events published, as the last.

    An exception leaves nothing. There is one act in a transaction: topics are locked last and all together, so that two
    transactions never wait for each other. A function called within an act takes the act, and opens none.
    """
    assert connection.in_atomic_block, "open an act inside the transaction that does it"
    assert not _is_open.get(), "an act is open: hand it on"
    token = _is_open.set(True)
    end = _End()
    try:
        yield Act(by, at, grant.title if grant else "", end)
        end.write(at)
    finally:
        _is_open.reset(token)
