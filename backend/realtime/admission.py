"""Joins a socket to topics: the frame that says so, what was missed, and where the socket then stands, in one go."""

from collections.abc import Callable

from backend.realtime import metrics, services
from backend.realtime.connection import Connection
from backend.realtime.frames import CaughtUpTo, Joined
from backend.realtime.hub import hub
from backend.realtime.services import Opening
from backend.realtime.threads import in_thread


async def admit(
    connection: Connection, opening: Opening, frame_of: Callable[[dict[str, Joined]], str]
) -> None:
    """Join topics, say so, send what was missed, and say how far that is.

    Nothing can come between, so nothing is lost or reordered.
    """
    while not all(hub.covers(name, joined.head) for name, joined in opening.topics.items()):
        opening = await in_thread(services.read_on, opening)
    later = [m for name, joined in opening.topics.items() for m in hub.join(connection, name, joined.head)]
    missed = [*opening.missed, *later]
    heads = {name: max(joined.head, hub.topics[name].head) for name, joined in opening.topics.items()}
    connection.push_together(
        frame_of(opening.topics), missed, CaughtUpTo(topics=heads).model_dump_json()
    )  # fmt: skip
    connection.topics.update(opening.told)
    connection.topics.update((message.topic, message.seq) for message in missed)
    metrics.replayed.inc(len(opening.missed))
