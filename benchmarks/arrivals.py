"""A client that opens sockets with the fewest instructions possible in Python, so that the server is measured.

A general client costs 300 µs a handshake, more than some of the servers. This one costs about 60: a blocking connect on
loopback, requests and masks made beforehand, one epoll for all sockets.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.crowd import Opening

AT_ONCE = 300
GIVE_UP_S = 60.0
READ = 65_536
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
EVENT = b'{"topic":'


@dataclass
class Arrived:
    """The result of phones that came together: how many connected, in how many seconds, how many failed and why."""

    inside: list[int] = field(default_factory=list)
    all_s: float = 0.0
    refused: int = 0
    why_refused: str = ""

    @property
    def size(self) -> int:
        """The number of connected phones."""
        return len(self.inside)


@dataclass(slots=True)
class _Visit:
    """One socket. It is open once the handshake, the welcome and `missing` events have arrived."""

    connected: socket.socket
    opening: Opening
    missing: int
    unread: bytes = b""
    is_upgraded: bool = False
    is_welcome: bool = False
    is_open: bool = False

    def read(self, content: bytes) -> None:
        """Process bytes from the server. Raises ConnectionError when it refuses the socket."""
        self.unread += content
        if not self.is_upgraded and not self._upgrade():
            return
        while (frame := self._frame()) is not None:
            self._take(*frame)
        self.is_open = self.is_welcome and self.missing <= 0

    def _upgrade(self) -> bool:
        head, end, rest = self.unread.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.partition(b"\r\n")[0].decode())
        self.is_upgraded, self.unread = True, rest
        self.is_welcome = self.opening.welcome is None
        if self.opening.hello is not None:
            self.connected.sendall(masked(TEXT, self.opening.hello))
        return True

    def _frame(self) -> tuple[int, bytes] | None:
        """Return the next whole frame as (kind, content)."""
        unread = self.unread
        if len(unread) < 2:
            return None
        size, start = unread[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(unread[2:start])
        if len(unread) < max(start, start + size):
            return None
        self.unread = unread[start + size :]
        return unread[0] & 0x0F, unread[start : start + size]

    def _take(self, kind: int, content: bytes) -> None:
        if kind == TEXT and content.startswith(EVENT):
            self.missing -= 1
        elif kind == TEXT and self.opening.welcome is not None and content.startswith(self.opening.welcome):
            self.is_welcome = True
        elif kind == PING:
            self.connected.sendall(masked(PONG, content))
        elif kind == CLOSE:
            raise ConnectionError(f"closed with {int.from_bytes(content[:2])}")


@dataclass
class Arrivals:
    """All sockets of one run, to all servers; open ones are kept alive while others connect."""

    closed: int = 0
    _epoll: select.epoll = field(default_factory=select.epoll)
    _visits: dict[int, _Visit] = field(default_factory=dict)

    def connect(self, url: str, openings: Sequence[Opening], *, missed: int = 0) -> Arrived:
        """Connect phones, three hundred at a time; each gets `missed` events after its welcome."""
        arrived, waiting = Arrived(), deque(openings)
        at_the_door: set[int] = set()
        began = last = time.monotonic()
        while (waiting or at_the_door) and last - began < GIVE_UP_S:
            while waiting and len(at_the_door) < AT_ONCE:
                at_the_door.add(self._knock(url, waiting.popleft(), missed))
            self._attend(1.0, at_the_door, arrived)
            last = time.monotonic()
        if waiting or at_the_door:
            arrived.refused += len(waiting) + len(at_the_door)
            arrived.why_refused = f"no answer within {GIVE_UP_S:.0f} s"
        arrived.all_s = last - began
        return arrived

    def rest(self, seconds: float) -> None:
        """Keep open sockets alive for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._attend(left, set(), Arrived())

    def leave(self, arrived: Arrived) -> None:
        """Close the sockets of phones that came together."""
        for number in arrived.inside:
            if number in self._visits:
                self._forget(number)

    def close(self) -> None:
        """Close all sockets."""
        for visit in self._visits.values():
            visit.connected.close()
        self._epoll.close()

    def _knock(self, url: str, opening: Opening, missed: int) -> int:
        place = urlsplit(url)
        connected = socket.create_connection((place.hostname or "", place.port or 80), timeout=GIVE_UP_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.sendall(request(place.netloc, place.path, opening))
        number = connected.fileno()
        self._visits[number] = _Visit(connected, opening, missed)
        self._epoll.register(number, select.EPOLLIN)
        return number

    def _attend(self, wait_s: float, at_the_door: set[int], arrived: Arrived) -> None:
        for number, _ in self._epoll.poll(wait_s):
            visit = self._visits[number]
            try:
                content = visit.connected.recv(READ)
                if not content:
                    raise ConnectionError("closed without a word")
                visit.read(content)
            except OSError as error:
                self._lose(number, at_the_door, arrived, error)
            else:
                if visit.is_open and number in at_the_door:
                    at_the_door.discard(number)
                    arrived.inside.append(number)

    def _lose(self, number: int, at_the_door: set[int], arrived: Arrived, error: OSError) -> None:
        self._forget(number)
        if number in at_the_door:
            at_the_door.discard(number)
            arrived.refused += 1
            arrived.why_refused = repr(error)
        else:
            self.closed += 1

    def _forget(self, number: int) -> None:
        self._epoll.unregister(number)
        self._visits.pop(number).connected.close()


def request(host: str, path: str, opening: Opening) -> bytes:
    """Return the handshake."""
    headers = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "bXVzdGVyLWJlbmNobWFyaw==",
        **opening.headers,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def masked(kind: int, content: bytes) -> bytes:
    """Return a frame as clients send it; a mask of zeros leaves the content unchanged."""
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2)
    return bytes([0x80 | kind]) + length + bytes(4) + content
