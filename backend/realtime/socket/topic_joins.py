"""Joins a socket to topics: the frames that say so, what was missed, and where the socket then stands, in one go."""

from collections.abc import Callable

from backend.realtime import metrics, services
from backend.realtime.connection import Connection
from backend.realtime.frames import CaughtUpTo, Joined
from backend.realtime.services import Opening
from backend.realtime.socket.local import LocalHub
from backend.realtime.sync import in_thread


async def admit(
    hub: LocalHub,
    connection: Connection,
    opening: Opening,
    frames_of: Callable[[dict[str, Joined]], list[str]],
) -> None:
    """Join topics, say so, send what was missed, and say how far that is.

    Nothing can come between, so nothing is lost or reordered. What was read in another epoch of the log is not told:
    the socket is being closed, and its phone begins anew.
    """
    while not all(hub.covers(name, joined.head) for name, joined in opening.topics.items()):
        opening = await in_thread(services.read_on, opening)
    if not await hub.agrees(opening.epoch) or connection.closing is not None:
        return
    later = [m for name, joined in opening.topics.items() for m in hub.join(connection, name, joined.head)]
    missed = [*opening.missed, *later]
    heads = {name: max(joined.head, hub.topics[name].head) for name, joined in opening.topics.items()}
    caught_up = CaughtUpTo(topics=heads).model_dump_json()
    connection.push_together(frames_of(opening.topics), missed, caught_up)
    hub.tallies.watch(connection, opening.topics)
    connection.topics.update(opening.told)
    connection.topics.update((message.topic, message.seq) for message in missed)
    metrics.replayed.inc(len(opening.missed))
