"""One socket of the protocol class: what it writes, when it stops reading, and when it gives a peer up."""

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from backend.realtime.server import frame_protocol, http, keepalive
from backend.realtime.server.frame_protocol import FrameProtocol
from backend.realtime.server.http import HttpProtocol
from backend.realtime.server.keepalive import Pulse

HANDSHAKE = (
    b"GET /ws/v1/ HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Transport:
    """Takes what is written and remembers what else was asked of it."""

    def __init__(self) -> None:
        self.written = b""
        self.protocol: Any = None
        self.reading = True
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.written += data

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> Any:
        return ("192.0.2.7", 1234) if name == "peername" else None

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"


class State:
    """What uvicorn's server keeps."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.tasks: set[Any] = set()
        self.default_headers = [(b"date", b"Sun, 01 Mar 2026 12:00:00 GMT")]


class Peer:
    """A client on the other side of a transport, and the application behind the socket."""

    def __init__(self) -> None:
        self.transport, self.state = Transport(), State()
        self.received: list[dict[str, Any]] = []
        self.asked = asyncio.Event()
        self.door = HttpProtocol(self, self.state, {})  # type: ignore[arg-type]
        self.door.connection_made(self.transport)  # type: ignore[arg-type]

    async def loaded_app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope, self.send = scope, send
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "muster.v1"})
        while self.received[-1:] != [None]:
            await self.asked.wait()
            self.received.append(await receive())
            if self.received[-1]["type"] == "websocket.disconnect":
                return

    async def open(self) -> FrameProtocol:
        self.door.data_received(HANDSHAKE[:40])
        self.door.data_received(HANDSHAKE[40:])
        await settle()
        assert isinstance(self.transport.protocol, FrameProtocol)
        return self.transport.protocol


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def peer() -> Peer:
    return Peer()


def text(payload: bytes) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


async def test_a_handshake_in_pieces_opens_the_application(peer: Peer) -> None:
    await peer.open()

    assert peer.transport.written.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: muster.v1\r\n" in peer.transport.written
    assert (peer.scope["path"], peer.scope["client"], peer.scope["scheme"]) == (
        "/ws/v1/",
        ("192.0.2.7", 1234),
        "ws",
    )


async def test_a_peer_that_sends_no_request_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_WITHIN_S", 0.01)
    peer = Peer()
    peer.door.data_received(HANDSHAKE[:40])

    await asyncio.sleep(0.05)

    assert peer.transport.ended == "closed"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"x" * http.MAX_ADDRESS, 414),  # it has not ended, and is too long already
        (b"GET /" + b"x" * http.MAX_ADDRESS + b" HTTP/1.1\r\nHost: testserver\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (http.MAX_HEADERS // 6), 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (http.MAX_HEADERS // 6) + b"\r\n", 431),
        (HANDSHAKE.replace(b"testserver", b"elsewhere.example"), 400),
        (HANDSHAKE.replace(b"testserver", b"testserver:99999x"), 400),
        (HANDSHAKE.replace(b"13", b"13\r\nTransfer-Encoding: chunked"), 400),
    ],
)
async def test_what_goes_beyond_the_bounds_of_a_request_is_refused(
    sent: bytes, status: int, peer: Peer
) -> None:
    for at in range(0, len(sent), 1_000):
        if not peer.transport.ended:
            (peer.transport.protocol or peer.door).data_received(sent[at : at + 1_000])

    assert peer.transport.written.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\r\nDate: " in peer.transport.written
    assert (peer.transport.ended, peer.state.tasks) == ("closed", set())


async def test_frames_that_come_together_with_the_handshake_are_not_lost(peer: Peer) -> None:
    peer.asked.set()
    peer.door.data_received(HANDSHAKE + text(b"early"))
    await settle()

    assert [message["text"] for message in peer.received] == ["early"]


async def test_reading_stops_while_the_application_is_behind(peer: Peer) -> None:
    socket = await peer.open()

    socket.data_received(text(b"{}") * frame_protocol.MAX_WAITING)
    reading = [peer.transport.reading]
    peer.asked.set()
    for _ in range(frame_protocol.MAX_WAITING):
        await settle()
    reading.append(peer.transport.reading)

    assert reading == [False, True]
    assert [message["text"] for message in peer.received] == ["{}"] * frame_protocol.MAX_WAITING


async def test_no_frame_is_written_to_a_peer_that_makes_no_room(peer: Peer) -> None:
    socket = await peer.open()
    write = peer.scope["extensions"]["muster.frame"]["write"]
    before = peer.transport.written

    socket.pause_writing()
    waiting = asyncio.ensure_future(peer.send({"type": "websocket.send", "text": "later"}))
    await settle()
    assert (write(b"now"), peer.transport.written, waiting.done()) == (False, before, False)
    socket.resume_writing()
    await waiting

    assert peer.transport.written == before + b"\x81\x05later"
    assert write(b"now")


async def test_a_peer_that_answers_no_ping_is_given_up_within_a_minute(peer: Peer) -> None:
    socket = await peer.open()
    heard, ping = socket.heard_at, b"\x89\x00"

    beats = [heard + turn * keepalive.PULSE_S for turn in (1, 2)]
    ends = []
    for beat in beats:
        socket.beat(beat)
        ends.append(peer.transport.ended)

    assert peer.transport.written.endswith(ping)
    assert ends == ["", "aborted"]
    assert beats[1] - heard <= 60


async def test_a_peer_that_is_heard_is_left_in_peace(peer: Peer) -> None:
    socket = await peer.open()
    before = peer.transport.written

    socket.beat(socket.heard_at + 1)

    assert (peer.transport.written, peer.transport.ended) == (before, "")


async def test_a_peer_that_reads_nothing_for_half_a_minute_is_given_up(peer: Peer) -> None:
    socket = await peer.open()
    socket.pause_writing()
    assert socket.paused_since is not None

    socket.heard_at = later = (
        socket.paused_since + keepalive.WRITE_WITHIN_S + 1
    )  # it sends, but does not read
    socket.beat(later)

    assert peer.transport.ended == "aborted"


async def test_a_close_that_nobody_answers_ends_all_the_same(peer: Peer) -> None:
    socket = await peer.open()
    await peer.send({"type": "websocket.close", "code": 4290, "reason": "too slow"})
    assert peer.transport.written.endswith(b"\x88\x0a\x10\xc2too slow")

    socket.beat(socket.loop.time() + keepalive.CLOSE_WITHIN_S + 1)

    assert peer.transport.ended == "aborted"


async def test_a_flood_of_pings_is_closed_with_4290(peer: Peer) -> None:
    socket = await peer.open()

    socket.data_received(Frame(Opcode.PING, b"").serialize(mask=True) * (frame_protocol.MAX_CONTROLS + 1))

    assert b"\x88\x0a\x10\xc2too fast" in peer.transport.written


async def test_a_violation_is_told_and_what_follows_is_thrown_away(peer: Peer) -> None:
    socket = await peer.open()
    peer.asked.set()

    socket.data_received(Frame(Opcode.TEXT, b"x").serialize(mask=False))
    socket.data_received(text(b"more"))
    await settle()

    assert b"\x88" in peer.transport.written[-40:]
    assert [message["type"] for message in peer.received] == ["websocket.disconnect"]


async def test_the_pulse_gives_each_socket_its_turn_once_in_a_round() -> None:
    class Sign:
        turn = 0

        def __init__(self) -> None:
            self.beats = 0

        def beat(self, _: float) -> None:
            self.beats += 1

    beating = Pulse(asyncio.get_running_loop())
    signs = [Sign() for _ in range(3 * keepalive.PULSE_S)]
    for sign in signs:
        beating.add(sign)
    beating.remove(signs[0])

    for _ in range(keepalive.PULSE_S):
        beating._beat()

    assert [sign.beats for sign in signs] == [0] + [1] * (len(signs) - 1)
