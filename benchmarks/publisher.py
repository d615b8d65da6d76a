"""Appends the benchmark's event to the log, from a process without sockets."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from backend.realtime.events import Event
from backend.realtime.frames import Audience, encode_event
from backend.realtime.log import publish

FRAME_BYTES = 340
AT = datetime(2026, 1, 1, tzinfo=UTC)


class BenchCalled(Event, type="bench.called", topics=("unit",)):
    """An event as large as a short call-out."""

    text: str


def commit_event(topic: str, number: int, numbers: list[int]) -> int:
    """Append one event for these people, commit, and send it to the bus, as a call-out's service does.

    Returns the time of the commit, on the monotonic clock in nanoseconds; after it come the bus and the hub.
    """
    committed: list[int] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.monotonic_ns()))  # before the bus, which is next
        seq = publish(topic, _event(topic, number), at=AT, audience=Audience(numbers=numbers))
    assert seq == number, "the frame's size depends on its sequence number"
    return committed[0]


def commit_large(topic: str, size: int) -> None:
    """Append one event of so many bytes for all people in a topic."""
    with transaction.atomic():
        publish(topic, BenchCalled(text="x" * size), at=AT)


def event_text(topic: str, number: int) -> str:
    """Return the frame of our side for this event; the peer sends the same."""
    event = _event(topic, number)
    return encode_event(topic, number, event.event_type, AT, event.model_dump_json(), None).text


def data_of(topic: str, number: int) -> Any:
    """Return the event's data in a row of the log."""
    return json.loads(_event(topic, number).model_dump_json())


def _event(topic: str, number: int) -> BenchCalled:
    bare = encode_event(
        topic, number, BenchCalled.event_type, AT, BenchCalled(text="").model_dump_json(), None
    )
    return BenchCalled(text="x" * (FRAME_BYTES - len(bare.text)))
