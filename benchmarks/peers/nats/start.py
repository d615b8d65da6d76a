"""Starts nats-server with its WebSocket listener, and publishes over its own protocol."""

import asyncio
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from string import Template

from picows import WSMsgType

from benchmarks.crowd import Crowd, Opening
from benchmarks.peers.install import has, need
from benchmarks.rounds import Side
from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port

SUBSCRIBE = Opening(
    hello=b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB bench 1\r\nPING\r\n', welcome=b"PONG\r\n"
)
"""How a phone opens its socket here; the answer to the PING confirms the subscription."""


@dataclass
class NatsServer(Server):
    """nats-server: `port` is for WebSockets, `client_port` for its own protocol."""

    client_port: int = 0


def is_installed() -> bool:
    """Tell whether the peer can run without an installation."""
    return has("nats-server")


def server(stage: Stage) -> NatsServer:
    """Return nats-server on the server's core; install it if it is missing."""
    need("nats-server", ("nats-server",))
    port, client_port = free_port(), free_port()
    configuration = stage.folder / "nats.conf"
    template = Template((Path(__file__).parent / "nats.conf").read_text())
    configuration.write_text(template.substitute(port=port, client_port=client_port))
    command = (*pinned(SERVER_CORE), "nats-server", "-c", str(configuration))
    return NatsServer("nats", command, port, log=stage.folder / "nats.log", client_port=client_port)


def side(server: NatsServer, event: bytes, mark: bytes) -> Side:
    """Return the side whose event reaches all phones by one PUB."""
    message = b"PUB bench %d\r\n%b\r\n" % (len(event), event)

    async def publish() -> int:
        _, writer = await asyncio.open_connection("127.0.0.1", server.client_port)
        began = time.monotonic_ns()
        writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n' + message)
        await writer.drain()
        await asyncio.sleep(0.05)  # a connection that closes at once may lose its last message
        writer.close()
        return began

    return Side(Crowd("nats", server.ws, mark, kind=WSMsgType.BINARY, size_of=event_size), publish)


def event_size(content: bytes) -> int:
    """Return the size of the event in a message of the server; a PING of its own may be in the same frame."""
    return int(content.partition(b"MSG bench 1 ")[2].partition(b"\r\n")[0])


def versions() -> dict[str, str]:
    """Return the version of the peer."""
    told = subprocess.run(["nats-server", "--version"], capture_output=True, text=True, check=True).stdout
    return {"nats-server": told.strip().rpartition("v")[2]}
