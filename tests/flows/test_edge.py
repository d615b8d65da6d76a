"""What each server takes from a connection: how much, how slowly, in which form; the same for `web` and `sockets`."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from backend.lib.bodies import FREE, MAX_HELD_OF_ADDRESS
from backend.realtime.server.exchange import BODY_GRACE_S, LOOK_S
from backend.realtime.server.frame_protocol import MAX_CONTROLS
from backend.realtime.server.http import KEPT_S, MAX_ADDRESS, REQUEST_WITHIN_S
from backend.realtime.socket.holders import MOST_OF_DEVICE
from tests.flows.conftest import PROXY
from tests.flows.installation import Bystander, Installation
from tests.flows.raw import HELLO, Raw, Response, client_frame

pytestmark = [
    pytest.mark.waits,
    pytest.mark.embedded,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("edge"),
]

HEAD = b"Host: 127.0.0.1\r\n"
SIGN_IN = b"POST /api/v1/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
MB = 1_000_000


# --- bodies -------------------------------------------------------------------------------------------------------


def sent_until_closed(peer: Raw, part: bytes, parts: int) -> int:
    """Send parts of a body for as long as the server takes them; return how many bytes that were."""
    peer.socket.settimeout(5)
    return len(part) * next((n for n in range(parts) if not peer.send(part)), parts)


def files_of(installation: Installation) -> int:
    """Return the bytes of files without a name that a process has open: what it puts aside of bodies."""
    assert installation.server.process is not None
    found = 0
    for link in Path(f"/proc/{installation.server.process.pid}/fd").iterdir():
        try:
            if "(deleted)" in str(link.readlink()):
                found += link.stat().st_size
        except OSError:
            continue
    return found


@pytest.mark.parametrize("declared", [True, False], ids=["length", "chunks"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/sign-in", "/api/v1/positions", "/api/v1/units/0726040125/imports", "/imports/", "/nothing"],
)
def test_a_large_body_of_a_stranger_is_refused_and_read_no_further(
    edge: Installation, path: str, declared: bool
) -> None:
    size = b"Content-Length: 100000000" if declared else b"Transfer-Encoding: chunked"
    part = b"x" * 65_530 if declared else b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with Raw(edge.server.port) as peer:
        peer.send(b"POST " + path.encode() + b" HTTP/1.1\r\n" + HEAD + size + b"\r\n\r\n")
        sent = sent_until_closed(peer, part, 100 * MB // 65_536)
        put_aside = files_of(edge)
        answer = peer.response()

    wanted = {"/imports/": 303, "/api/v1/units/0726040125/imports": 401}.get(path, 413)
    assert answer.status in {wanted, 0}  # 0: a reset took it from a peer that went on sending
    assert sent < 50 * MB, (
        "the kernels hold some, and what comes in a second is thrown away: on a busy machine more"
    )
    assert put_aside == 0


@pytest.mark.parametrize("declared", [True, False], ids=["length", "chunks"])
def test_a_peer_that_stops_sees_why(edge: Installation, declared: bool) -> None:
    size = b"Content-Length: 100000000" if declared else b"Transfer-Encoding: chunked"
    body = b"x" * 300_000 if declared else b"200000\r\n" + b"x" * 0x200000 + b"\r\n"
    with Raw(edge.server.port) as peer:
        peer.send(SIGN_IN + size + b"\r\n\r\n" + body)
        answer = peer.response()
        closed = peer.closed_after(10)

    assert (answer.status, answer.problem, answer.headers["connection"]) == (413, "too-large", "close")
    assert closed is not None


def test_who_asks_before_sending_is_told_before_sending(edge: Installation) -> None:
    with Raw(edge.server.port) as peer:
        peer.send(SIGN_IN + b"Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n")
        assert peer.response().status == 413


def roster(rows: int) -> bytes:
    """Return a form with a roster."""
    csv = "姓名,手机\n" + "".join(f"王{'大' * (n % 3 + 1)},139{n:08d}\n" for n in range(rows))
    fields = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("id", str(uuid7())), ("name", "upload"))
    )
    file = '--B\r\nContent-Disposition: form-data; name="file"; filename="r.csv"\r\n\r\n'
    return f"{fields}{file}{csv}\r\n--B--\r\n".encode()


def test_a_leader_uploads_what_a_stranger_may_not(edge: Installation) -> None:
    form, path = roster(120_000), f"/api/v1/units/{edge.force['UNIT']}/imports"
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    bearer = {"Authorization": f"Bearer {edge.tokens['LEADER']}"}
    assert len(form) > 2 * MB

    with Raw(edge.server.port) as peer:
        taken = peer.request("POST", path, form, kind | bearer)
    with Raw(edge.server.port) as peer:
        elsewhere = peer.request("POST", "/api/v1/catch-up", form, kind | bearer)
    with Raw(edge.server.port) as peer:
        forged = peer.request("POST", path, form, kind | {"Authorization": bearer["Authorization"] + "x"})

    assert taken.status == 201, taken
    assert (elsewhere.status, elsewhere.problem) == (413, "too-large")
    assert (forged.status, forged.problem) == (401, "not-signed-in")


def test_bodies_that_wait_are_bounded_by_address_and_keep_nobody_else_out(edge: Installation) -> None:
    with ExitStack() as opened, Bystander(edge) as bystander:
        statuses = []
        for _ in range(40):
            peer = opened.enter_context(Raw(edge.server.port, PROXY))
            peer.send(
                SIGN_IN + b"X-Forwarded-For: 203.0.113.50\r\nContent-Length: 900000\r\n\r\n" + b"x" * 800_000
            )
            peer.socket.settimeout(0.2)
            statuses.append(peer.response().status)
        other = edge.request("POST", "/api/v1/catch-up", {"cursors": {}}, by="LEADER")

    assert 503 in statuses
    assert statuses.count(0) <= MAX_HELD_OF_ADDRESS // (800_000 - FREE) + 1
    assert other.status == 200
    assert bystander.noticed() == {}


# --- time ---------------------------------------------------------------------------------------------------------


def drip(peer: Raw, data: bytes, until: Callable[[], bool]) -> None:
    """Send a byte a second."""
    for number in range(120):
        if until() or not peer.send(data[number % len(data) :][:1]):
            return
        time.sleep(1)


SLOW: dict[str, tuple[bytes, bytes, float]] = {
    "nothing": (b"", b"", REQUEST_WITHIN_S),
    "half a request": (b"GET / HTTP/1.1\r\nHost: x", b"", REQUEST_WITHIN_S),
    "dripped headers": (b"GET /", b"x", REQUEST_WITHIN_S),
    "a kept connection": (b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n", b"", KEPT_S),
    "a second request by drips": (b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\nGET /", b"x", REQUEST_WITHIN_S),
    "no body": (SIGN_IN + b"Content-Length: 100\r\n\r\n", b"", BODY_GRACE_S + LOOK_S),
    "a dripped body": (SIGN_IN + b"Content-Length: 100\r\n\r\n", b"x", BODY_GRACE_S + LOOK_S),
    "dripped chunks": (SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", BODY_GRACE_S + LOOK_S),
    "a dripped body behind an answered request": (
        b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n" + SIGN_IN + b"Content-Length: 100\r\n\r\n",
        b"x",
        BODY_GRACE_S + LOOK_S,
    ),
}


def lasts(port: int, begins: bytes, drips: bytes) -> tuple[float | None, bytes]:
    """Return how long the server keeps such a peer, and what it said at the end."""
    with Raw(port) as peer, ThreadPoolExecutor(1) as beside:
        began = time.monotonic()
        peer.send(begins)
        over: list[float] = []
        dripping = beside.submit(drip, peer, drips, lambda: bool(over)) if drips else None
        heard = b""
        peer.socket.settimeout(60)
        try:
            while part := peer.socket.recv(65_536):
                heard += part
        except TimeoutError:
            return None, heard
        except OSError:
            pass
        finally:
            over.append(time.monotonic() - began)
            if dripping:
                dripping.result()
        return over[0], heard


def test_no_peer_is_waited_for_for_ever(edge_web: Installation, edge_sockets: Installation) -> None:
    """All of them at once, for each takes its time; some of each, on both servers."""
    wanted = [
        (name, installation.server.port, *SLOW[name][:2])
        for installation in (edge_web, edge_sockets)
        for name in SLOW
        for _ in range(3)
    ]
    with ThreadPoolExecutor(len(wanted)) as pool:
        kept = list(pool.map(lambda one: (one[0], *lasts(*one[1:])), wanted))

    late = [(name, took) for name, took, _ in kept if took is None or took > SLOW[name][2] + 6]
    early = [(name, took) for name, took, _ in kept if took is not None and took < SLOW[name][2] - 3]
    assert (late, early) == ([], [])
    told = {name for name, _, heard in kept if b" 408 " in heard and b"body-too-slow" in heard}
    assert told == {name for name in SLOW if "body" in name or "chunks" in name}


# --- kept connections and handshakes ------------------------------------------------------------------------------


def test_a_socket_opens_on_a_connection_that_has_carried_requests(edge: Installation) -> None:
    bearer = {"Authorization": f"Bearer {edge.tokens['NUMBER']}"}
    with Raw(edge.server.port) as peer:
        before = [peer.request("GET", "/healthz").status, peer.request("POST", "/api/v1/sign-in", {}).status]
        switched = peer.handshake(bearer)
        peer.say(HELLO)
        heard = peer.heard()

    assert (before, switched.status, heard["reply"]) == ([200, 422], 101, 0)


def test_requests_that_come_together_are_answered_in_order(edge: Installation) -> None:
    paths = ["/healthz", "/nothing", "/api/v1/me", "/healthz"] * 10
    with Raw(edge.server.port) as peer:
        peer.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in paths))
        statuses = [peer.response().status for _ in paths]

    assert statuses == [200, 404, 401, 200] * 10


@pytest.mark.parametrize(
    "change",
    [
        {"Host": "elsewhere.example"},
        {"Host": "127.0.0.1.elsewhere.example"},
        {"Host": ""},
        {"Host": "127.0.0.1\r\nHost: elsewhere.example"},
        {"Connection": "notupgraded"},
        {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="},
        {"X-Name": "a\x01b"},
        {"X-Name": "a\x7fb"},
        {"Content-Length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"Origin": "http://127.0.0.1\r\nOrigin: http://elsewhere.example"},
    ],
)
def test_a_handshake_that_is_not_sound_is_400(edge: Installation, change: dict[str, str]) -> None:
    with Raw(edge.server.port) as peer:
        first = peer.handshake(change)
    with Raw(edge.server.port) as peer:  # and on a kept connection
        peer.request("GET", "/healthz")
        second = peer.handshake(change)

    assert (first.status, second.status) == (400, 400)


# --- what every answer has ----------------------------------------------------------------------------------------


def answers(edge: Installation) -> Iterator[Response]:
    """Yield answers of every sort."""
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
        ("GET", "/api/v1/me", None),
        ("GET", "/api/v1/nothing", None),
        ("GET", "/nothing", None),
        ("GET", "/sign-in/", None),
        ("GET", "/static/admin/css/base.css", None),
        ("POST", "/api/v1/sign-in", {}),
        ("OPTIONS", "/api/v1/me", None),
        ("BREW", "/api/v1/me", None),
        ("GET", "/" + "x" * MAX_ADDRESS, None),
        ("POST", "/api/v1/sign-in", b"x" * (MB + 1)),
    ]
    for method, path, body in asked:
        with Raw(edge.server.port) as peer:
            yield peer.request(method, path, body)
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nA : b\r\n\r\n"):
        with Raw(edge.server.port) as peer:
            peer.send(data)
            yield peer.response()
    with Raw(edge.server.port) as peer:
        yield peer.handshake({"Host": "elsewhere.example"})
    with Raw(edge.server.port) as peer:
        yield peer.handshake(path="/ws/v9/")


def test_every_answer_tells_the_time_and_not_which_server_it_is(edge: Installation) -> None:
    without = [(answer.status, answer.headers) for answer in answers(edge) if "date" not in answer.headers]
    named = [answer.headers for answer in answers(edge) if "server" in answer.headers]

    assert (without, named) == ([], [])


@pytest.mark.parametrize(("length", "status"), [(MAX_ADDRESS - 14, 404), (MAX_ADDRESS, 414), (60_000, 414)])
def test_an_address_is_bounded(edge: Installation, length: int, status: int) -> None:
    began = time.monotonic()
    with Raw(edge.server.port) as peer:
        answer = peer.request("GET", "/" + "eyJ" * (length // 3))

    assert (answer.status, answer.problem) == (status, "address-too-long" if status == 414 else "")
    assert time.monotonic() - began < 5


# --- limits of the protocol's own frames --------------------------------------------------------------------------


def opened(edge: Installation) -> Raw:
    peer = Raw(edge.server.port)
    peer.handshake({"Authorization": f"Bearer {edge.tokens['NUMBER']}"})
    peer.say(HELLO)
    assert peer.heard()["reply"] == 0
    return peer


def closes_with(peer: Raw, *, to: str = "") -> int:
    """Return the code that a socket is closed with; 0 when a frame of the type `to` comes first."""
    while "close" not in (heard := peer.heard()):
        if heard.get("type") == to:
            return 0
    return int(heard["close"])


def test_pings_are_bounded(edge: Installation) -> None:
    with opened(edge) as peer:
        peer.send(
            client_frame(0x9, b"x") * (2 * MAX_CONTROLS + 2)
        )  # two rounds of the pulse may lie in between

        assert closes_with(peer) == 4290


def test_the_parts_of_a_message_are_bounded(edge: Installation) -> None:
    with opened(edge) as peer:
        peer.send(client_frame(0x1, b"x", fin=False) + client_frame(0x0, b"x", fin=False) * 1_100)

        assert closes_with(peer) == 1008


def test_the_sockets_of_a_device_are_bounded(edge: Installation) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(opened(edge)) for _ in range(MOST_OF_DEVICE + 10)]
        closed = [closes_with(socket) for socket in sockets[:10]]
        sockets[-1].say({"type": "ping"})
        sockets[10].say({"type": "ping"})
        still_open = [closes_with(socket, to="pong") for socket in (sockets[-1], sockets[10])]

    assert (closed, still_open) == ([4290] * 10, [0, 0])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (client_frame(0x1, b"x" * 65_537), 4400),
        (client_frame(0x1, b"x" * 200_000), 1009),
        (b"\x81\x05hello", 1002),  # without a mask
        (client_frame(0x1, b"\xff\xfe"), 1007),
        (client_frame(0x3, b"x"), 1002),
    ],
    ids=["too large", "far too large", "no mask", "no UTF-8", "an opcode that is none"],
)
def test_a_frame_that_breaks_a_rule_closes_with_its_code(edge: Installation, data: bytes, code: int) -> None:
    with opened(edge) as peer:
        peer.send(data)

        assert closes_with(peer) == code
