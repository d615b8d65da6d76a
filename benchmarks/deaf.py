"""A phone that opened its socket and never reads again, while the server sends more than the network buffers."""

import asyncio
import base64
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.report import median
from benchmarks.rounds import REST_S, Round, Side
from benchmarks.stage import WELCOME, bearer

HELLO = (
    b'{"type":"hello","id":1,"cursors":{},"client":{"app":"a phone that opens its socket and then never reads"}}'
    + b" " * 20
)
"""Without cursors: earlier events are not sent again."""
SETTLE_S = 3.0
WINDOW = 4_096
"""Bytes of the phone's receive buffer, so that the server's send buffer is soon full."""
EVENT_BYTES, EVENTS = 20_000, 24
"""Bytes that are published for it alone: less than the backlog that would close its socket."""


def deaf_phone(url: str, token: str, number: int) -> socket.socket:
    """Open a socket, say hello, and read no further than the welcome; then fill the buffers in between."""
    parts = urlsplit(url)
    phone = socket.socket()
    phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    phone.connect((parts.hostname, parts.port))
    phone.sendall(_handshake(parts.netloc, parts.path, token))
    _read_until(phone, b"\r\n\r\n")
    phone.sendall(_masked(HELLO))
    _read_until(phone, WELCOME)
    _fill(number)
    if not _is_full(phone, parts.port or 0):
        raise RuntimeError("the phone that never reads has not filled its connection")
    return phone


async def beside_a_deaf_phone(side: Side, url: str, token: str, number: int, rounds: int) -> float:
    """Return the ratio of the others' p99 with and without a phone that never reads: the median of pairs."""
    await asyncio.sleep(SETTLE_S)
    ratios = []
    for _ in range(rounds):
        alone = await _play(side)
        with await asyncio.to_thread(deaf_phone, url, token, number):
            beside = await _play(side)
        ratios.append(beside.p99_s / alone.p99_s)
    return median(ratios)


async def _play(side: Side) -> Round:
    await asyncio.sleep(REST_S)
    return await side.play()


def _handshake(host: str, path: str, token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **bearer(token),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def _masked(payload: bytes) -> bytes:
    """Return a text frame of a client; its mask is zero, which leaves the text unchanged."""
    return b"\x81" + bytes((0xFE,)) + len(payload).to_bytes(2, "big") + bytes(4) + payload


def _read_until(phone: socket.socket, mark: bytes) -> None:
    phone.settimeout(10)
    read = b""
    while mark not in read:
        more = phone.recv(512)
        if not more:
            raise ConnectionError("the server closed the phone that was to be deaf")
        read += more


def _fill(number: int) -> None:
    """Publish for this person alone, and give the server time to send."""
    from benchmarks.publisher import commit_large

    for _ in range(EVENTS):
        commit_large(f"person.{number:08d}", EVENT_BYTES)
    time.sleep(1)


def _is_full(phone: socket.socket, server_port: int) -> bool:
    """Tell whether the kernel holds bytes of the server's that this phone has no room for (/proc/net/tcp)."""
    ends = f":{server_port:04X}", f":{phone.getsockname()[1]:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    queues = [row[4] for row in rows if row[1].endswith(ends[0]) and row[2].endswith(ends[1])]
    return any(int(queue.split(":")[0], 16) > 0 for queue in queues)
