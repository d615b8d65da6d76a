"""Joins a socket to topics: the confirmation, the missed events, and the new position, in one uninterrupted write."""

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
    """Join topics, confirm it, send the missed events, and send the position after them.

    No other frame comes between, so none is lost or reordered. A read in another epoch of the log is not sent: the
    socket is being closed, and its phone starts again.
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
