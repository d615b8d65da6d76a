"""The client of `connect` counts a phone only when all that belongs to its arrival has come."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks.arrivals import Arrivals, masked, request
from benchmarks.crowd import Opening

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
PHONE = Opening({"Authorization": "Bearer x"}, b'{"type":"hello"}', b'{"reply":1')


def frame(content: bytes, kind: int = 1) -> bytes:
    """Return a frame as servers send it."""
    size = bytes([len(content)]) if len(content) < 126 else b"\x7e" + len(content).to_bytes(2)
    return bytes([0x80 | kind]) + size + content


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    with closing(Arrivals()) as own:
        yield own


class Server:
    """Accepts one socket, sends what it is told after the handshake, and keeps what it received."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.received = parts, b""
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.door.getsockname()[1]}/ws/v1/"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connected, _ = self.door.accept()
        with self.door, connected:
            while not self.received.endswith(b"\r\n\r\n"):
                self.received += connected.recv(4_096)
            for part in self.parts:
                connected.sendall(part)
            while content := connected.recv(4_096):
                self.received += content


def test_phone_is_in_after_welcome_and_everything_missed(arrivals: Arrivals) -> None:
    welcome, event = (
        frame(b'{"reply":1,"result":{}}'),
        frame(b'{"topic":"unit.1","pad":"' + b"x" * 300 + b'"}'),
    )
    server = Server(UPGRADE + welcome[:5], welcome[5:] + event, event)

    arrived = arrivals.connect(server.url, [PHONE], missed=2)

    assert (arrived.size, arrived.refused) == (1, 0)
    arrivals.close()
    server.thread.join(5)
    assert server.received == request(server.url.split("/")[2], "/ws/v1/", PHONE) + masked(
        1, PHONE.hello or b""
    )


def test_phone_that_is_turned_away_is_counted_with_the_reason(arrivals: Arrivals) -> None:
    refused = arrivals.connect(Server(b"HTTP/1.1 403 Forbidden\r\n\r\n").url, [PHONE])
    closed = arrivals.connect(Server(UPGRADE, frame((4401).to_bytes(2), kind=8)).url, [PHONE])

    assert (refused.size, refused.refused) == (0, 1)
    assert "403" in refused.why_refused
    assert (closed.size, closed.refused) == (0, 1)
    assert "closed with 4401" in closed.why_refused


def test_ping_of_the_server_is_answered(arrivals: Arrivals) -> None:
    server = Server(UPGRADE, frame(b"are you there", kind=9))

    arrivals.connect(server.url, [Opening()])
    arrivals.rest(0.2)
    arrivals.close()
    server.thread.join(5)

    assert server.received.endswith(masked(10, b"are you there"))
