"""Starts the bare ASGI echo on the kind of server and the loop that our Procfile names."""

from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port

OPTIONS = (
    *("--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false"),
    *("--lifespan", "off", "--no-access-log", "--log-level", "warning"),
)


def server(stage: Stage) -> Server:
    """Return uvicorn with its own sans-I/O protocol class, on the server's core."""
    port = free_port()
    command = (*pinned(SERVER_CORE), "uvicorn", "--port", str(port), *OPTIONS)
    application = "benchmarks.peers.bare_asgi.asgi:application"
    return Server("bare_asgi", (*command, application), port, log=stage.folder / "bare_asgi.log")
