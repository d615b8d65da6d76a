"""Servers that are sent nearly proper requests, handshakes and frames, cut and joined at random, go on as before."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.flows.installation import Installation
from tests.flows.raw import Raw, client_frame

pytestmark = [
    pytest.mark.waits,
    pytest.mark.embedded,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("edge"),
]

AT_ONCE = 6
GROWTH_MB = 40.0
FIRST = (
    "GET / HTTP/1.1",
    "GET /healthz HTTP/1.1",
    "GET /static/admin/css/base.css HTTP/1.1",
    "POST /api/v1/sign-in HTTP/1.1",
    "GET /ws/v1/ HTTP/1.1",
    "PUT /api/v1/me/duty HTTP/1.0",
    "OPTIONS * HTTP/1.1",
    "CONNECT a:1 HTTP/1.1",
    "GET http://127.0.0.1/ HTTP/1.1",
    "GET /%00%ff?%zz=1 HTTP/1.1",
    "\x16\x03\x01",
)
HEADERS = (
    "Host: 127.0.0.1",
    "Host: elsewhere.example",
    "Connection: close",
    "Connection: Upgrade, keep-alive",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Content-Length: 5",
    "Content-Length: 99999999",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: identity",
    "Expect: 100-continue",
    "Content-Type: application/json",
    "Cookie: sessionid=a; csrftoken=b",
    "Authorization: Bearer a.b.c",
    "X-Forwarded-For: 203.0.113.1, unknown",
    "X-Name: a\x01b",
    " folded: y",
    "no colon",
)
BODIES = (
    b"",
    b"hello",
    b"{}",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"\xff" * 300,
)


def made(chance: random.Random) -> bytes:
    """Return something like one request, or some."""
    data = b""
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        lines = [chance.choice(FIRST), *chance.sample(HEADERS, chance.randint(0, 9))]
        if chance.random() < 0.5:  # a proper handshake
            lines = [FIRST[4], HEADERS[0], *HEADERS[3:5], *HEADERS[6:8]]
        data += "\r\n".join([*lines, "", ""]).encode("latin-1") + chance.choice(BODIES)
    for _ in range(chance.choice((0, 0, 3, 50))):
        payload = chance.randbytes(chance.choice((0, 1, 20, 200)))
        data += client_frame(chance.choice((0, 1, 1, 2, 8, 9, 10, 3)), payload, fin=chance.random() < 0.8)
    for _ in range(chance.choice((0, 0, 1, 4))):
        at = chance.randrange(len(data))
        data = data[:at] + chance.randbytes(chance.choice((0, 1, 3))) + data[at + chance.choice((0, 1, 2)) :]
    return data


def attack(port: int, seed: str, until: float) -> int:
    """Send such things, in pieces, until it is time; return how often."""
    chance = random.Random(seed)
    for number in range(1_000_000):
        if time.monotonic() > until:
            return number
        data = made(chance)
        cut = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice((0, 1, 3))))
        with Raw(port) as peer:
            for start, end in zip([0, *cut], [*cut, len(data)], strict=True):
                peer.send(data[start:end])
            peer.closed_after(chance.choice((0.01, 0.05, 0.3)))
    return 0


def test_nothing_that_is_sent_breaks_a_server(edge: Installation, hostile_seconds: float) -> None:
    before = len(edge.complaints())

    def round_of_all(name: str, seconds: float) -> int:
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sent = [pool.submit(attack, edge.server.port, f"{name} {n}", until) for n in range(AT_ONCE)]
            return sum(one.result() for one in sent)

    round_of_all("warm", hostile_seconds / 4)
    memory = edge.memory_mb()
    tried = round_of_all("hot", hostile_seconds / 2)

    assert tried > 20 * hostile_seconds
    assert edge.request("GET", "/healthz").status == 200
    with edge.phone():
        assert edge.memory_mb() - memory < GROWTH_MB
    assert edge.complaints()[before:] == []
    assert edge.server.log is not None
    log = edge.server.log.read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") :][:2_000]
