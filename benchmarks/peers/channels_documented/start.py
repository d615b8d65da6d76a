"""Starts daphne with the documented consumer, and sends to its group."""

import time

from benchmarks.crowd import Crowd
from benchmarks.rounds import Side
from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port


def server(stage: Stage) -> Server:
    """Return daphne on the server's core."""
    port = free_port()
    command = (*pinned(SERVER_CORE), "daphne", "-b", "127.0.0.1", "-p", str(port), "--verbosity", "0")
    settings = {
        **stage.environment,
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.channels_documented.settings",
    }
    application = "benchmarks.peers.channels_documented.asgi:application"
    return Server("channels", (*command, application), port, settings, stage.folder / "channels.log")


def side(server: Server, event: bytes, mark: bytes, redis_url: str) -> Side:
    """Return the side whose event reaches all phones by one `group_send`."""
    from channels_redis.pubsub import RedisPubSubChannelLayer

    layer = RedisPubSubChannelLayer(hosts=[redis_url])

    async def publish() -> int:
        began = time.monotonic_ns()
        await layer.group_send("bench", {"type": "event.push", "text": event.decode()})
        return began

    return Side(Crowd("channels", f"ws://127.0.0.1:{server.port}/ws/", mark), publish)
