"""An event, a person and a phone for tests of realtime, which knows no domain."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from backend.realtime.connection import Connection
from backend.realtime.events import Event
from backend.realtime.registry import Principal


class SampleHappened(Event, type="sample.happened", topics=("sample",)):
    """Something happened in a test."""

    n: int


def principal(person: int = 10000005, *, tags: Iterable[str] = ()) -> Principal:
    """Return a person with a session of their own."""
    return Principal(
        person=person, user_id=person, session=uuid4(), expires_at=None, tags=frozenset(tags)
    )  # fmt: skip


class Phone:
    """The far end of a connection: what it was sent; it may stop reading."""

    def __init__(self, person: int = 10000005, *, tags: Iterable[str] = (), reads: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()
        self.connection = Connection(self.send, None, principal(person, tags=tags), datetime.now(UTC))

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(message)

    @property
    def close_code(self) -> int | None:
        """The code of the close that was sent, if any."""
        return next((m["code"] for m in self.sent if m["type"] == "websocket.close"), None)
