"""The frames of a client are read as RFC 6455 says, however the network cuts them."""

import json
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from backend.realtime import websocket
from backend.realtime.websocket import FrameReader, Incoming, Refused, Violation

MAX = 70_000


def sent(*frames: Frame) -> bytes:
    """Return the bytes that a well-kept client library makes of frames."""
    return b"".join(frame.serialize(mask=True) for frame in frames)


def read(data: bytes, cuts: list[int] | None = None, max_size: int = MAX) -> list[Incoming]:
    """Read data that arrives cut in pieces."""
    reader = FrameReader(max_size)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
    return [message for start, end in pairwise(edges) for message in reader.feed(data[start:end])]


payloads = st.one_of(
    st.binary(max_size=300), st.sampled_from([b"x" * size for size in (125, 126, 65_535, 65_536)])
)
messages = st.lists(
    st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY]), st.lists(payloads, min_size=1, max_size=3)),
    max_size=5,
)


@given(messages=messages, cuts=st.lists(st.integers(0, 500_000), max_size=20))
def test_messages_are_whole_however_the_bytes_are_cut(
    messages: list[tuple[Opcode, list[bytes]]], cuts: list[int]
) -> None:
    """Parts of a message have a ping between them, which comes out at once."""
    frames: list[Frame] = []
    expected: list[Incoming] = []
    for opcode, parts in messages:
        for index, part in enumerate(parts):
            frames.append(Frame(Opcode.CONT if index else opcode, part, fin=index == len(parts) - 1))
            if index < len(parts) - 1:
                frames.append(Frame(Opcode.PING, b"?"))
                expected.append((Opcode.PING, b"?"))
        expected.append((opcode, b"".join(parts)))

    assert read(sent(*frames), cuts, max_size=300_000) == expected


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_garbage_is_read_or_refused_and_nothing_else(data: bytes, cuts: list[int]) -> None:
    with suppress(Violation):
        for opcode, payload in read(data, cuts):
            assert opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CLOSE, Opcode.PING, Opcode.PONG}
            assert len(payload) <= len(data)


BROKEN = {
    "not masked": (Frame(Opcode.TEXT, b"x").serialize(mask=False), 1002),
    "a reserved bit": (b"\xc1" + sent(Frame(Opcode.TEXT, b"x"))[1:], 1002),
    "an unknown opcode": (bytes((0x83, 0x81)) + b"mask" + b"x", 1002),
    "a long ping": (bytes((0x89, 0xFE)) + (126).to_bytes(2, "big"), 1002),
    "a ping in parts": (bytes((0x09, 0x81)) + b"mask" + b"x", 1002),
    "a part of nothing": (sent(Frame(Opcode.CONT, b"x")), 1002),
    "a beginning inside a message": (
        sent(Frame(Opcode.TEXT, b"x", fin=False), Frame(Opcode.TEXT, b"y")),
        1002,
    ),
    "too large": (sent(Frame(Opcode.TEXT, b"x" * (MAX + 1))), 1009),
    "a length of 2^63": (bytes((0x81, 0xFF)) + b"\xff" * 8, 1009),
    "too large in parts": (sent(Frame(Opcode.TEXT, b"x" * MAX, fin=False), Frame(Opcode.CONT, b"y")), 1009),
    "a thousand and one empty parts": (
        sent(Frame(Opcode.TEXT, b"", fin=False), *[Frame(Opcode.CONT, b"", fin=False)] * 1_000),
        1008,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_is_a_violation(name: str) -> None:
    data, code = BROKEN[name]

    with pytest.raises(Violation) as violation:
        read(data)

    assert violation.value.code == code


def test_an_oversized_frame_is_refused_by_its_head_alone() -> None:
    with pytest.raises(Violation):
        FrameReader(100).feed(sent(Frame(Opcode.TEXT, b"x" * 101))[:8])


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", 1005), (Close(1000, "").serialize(), 1000), (Close(4290, "慢").serialize(), 4290)],
)
def test_a_close_says_its_code(payload: bytes, code: int) -> None:
    assert websocket.close_code(payload) == code


@pytest.mark.parametrize("payload", [b"\x03", b"\x03\xed", b"\x00\x00", b"\x03\xe8\xff"])
def test_a_close_that_may_not_be_sent_is_a_violation(payload: bytes) -> None:
    """One byte, code 1005, code 0, and a reason that is no UTF-8."""
    with pytest.raises(Violation):
        websocket.close_code(payload)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_client_library_reads_our_frames(size: int) -> None:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)

    client.receive_data(websocket.frame(websocket.TEXT, b"x" * size) + websocket.close_frame(4290, "慢"))

    text, close = client.events_received()
    assert isinstance(text, Frame)
    assert (text.opcode, text.data) == (Opcode.TEXT, b"x" * size)
    assert isinstance(close, Frame)
    assert Close.parse(close.data) == Close(4290, "慢")


def test_a_long_reason_is_cut_between_characters() -> None:
    data = websocket.close_frame(4400, "原因" * 40)

    assert len(data) <= 2 + 125
    assert data[4:].decode()[:2] == "原因"


HANDSHAKE = (
    b"GET /ws/v1/?a=1 HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: muster.v1, bearer.x"
)


def test_the_handshake_of_the_specification_is_answered_as_there() -> None:
    request = websocket.read_request(HANDSHAKE)

    assert isinstance(request, websocket.Request)
    assert request.target == b"/ws/v1/?a=1"
    assert request.subprotocols() == ["muster.v1", "bearer.x"]
    key = websocket.check_handshake(request)
    assert isinstance(key, bytes)
    response = websocket.accept_response(key, "muster.v1")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response
    assert b"Sec-WebSocket-Protocol: muster.v1\r\n" in response


@pytest.mark.parametrize(
    "instead", [b"Accept: */*", b"Upgrade: h2c", b"Upgrade: websockets", b"X-Upgrade: websocket"]
)
def test_what_wants_no_websocket_is_left_to_the_http_server(instead: bytes) -> None:
    assert websocket.read_request(HANDSHAKE.replace(b"Upgrade: WebSocket", instead)) is None


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x01b",
        b"GET / HTTP/1.1\r\nHost: x\nX: y",
        b"GET / HTTP/1.1\r\nHost: x\rX: y",
        b"GET /\x00 HTTP/1.1\r\nHost: x",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded: y",
        b"GET / HTTP/1.1\r\nHost : x",
        b"GET / HTTP/1.1\r\nno colon",
    ],
)
def test_a_request_that_two_readers_may_read_differently_is_refused(head: bytes) -> None:
    assert websocket.read_request(head) == websocket.NO_REQUEST


@given(data=st.binary(max_size=300), at=st.integers(0, len(HANDSHAKE)))
def test_no_request_breaks_the_reader(data: bytes, at: int) -> None:
    request = websocket.read_request(HANDSHAKE[:at] + data + HANDSHAKE[at:])

    assert not isinstance(request, websocket.Request) or websocket.check_handshake(request)


KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize(
    ("part", "instead", "status"),
    [
        (b"GET", b"POST", 405),
        (b"Version: 13", b"Version: 8", 426),
        (b"Key: " + KEY, b"Key: short", 400),
        (b"Key: " + KEY, b"Key: \xff\xff\xff\xff", 400),
        (b"Key: " + KEY, b"Key: " + KEY + b"\r\nSec-WebSocket-Key: " + KEY, 400),
        (b"Version: 13", b"Version: 13\r\nSec-WebSocket-Version: 13", 400),
        (b"Connection: keep-alive, Upgrade", b"Connection: close", 400),
        (b"Connection: keep-alive, Upgrade", b"Connection: notupgraded", 400),
        (b"Connection: keep-alive, Upgrade", b"X: y", 400),
        (b"Host: x\r\n", b"", 400),
        (b"Host: x", b"Host:", 400),
        (b"Host: x", b"Host: x\r\nHost: y", 400),
        (b"Host: x", b"Host: x\r\nhOST: x", 400),
        (b"Host: x", b"Host : x", 400),
        (b"Host: x", b"Host", 400),
        (b"Host: x", b"Host: x\n y: z", 400),
        (b"Host: x", b"Host: x\r\n y: z", 400),
        (b"Host: x", b"Host: x\0", 400),
        (b"Host: x", b"Host: x\x1b[2J", 400),
        (b"Host: x", b"Host: x\x7f", 400),
        (b"Host: x", b"Host: x\r\nOrigin: http://x\r\nOrigin: http://y", 400),
        (b"Host: x", b"Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b", 400),
        (b"Host: x", b"Host: x\r\nContent-Length: 5", 400),
        (b"Host: x", b"Host: x\r\nContent-Length: 0\r\nContent-Length: 5", 400),
        (b"Host: x", b"Host: x\r\nTransfer-Encoding: chunked", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 400),
        (b"HTTP/1.1", b"HTTP/2.0", 400),
        (b" HTTP/1.1", b"", 400),
        (b"GET /", b"GET  /", 400),
        (b"GET /", b"GET ws/", 400),
        (b"GET /", b"GET http://x/", 400),
        (b"/ws/v1/", b"/ws/\xff/", 400),
        (b"/ws/v1/", b"/ws/\x01/", 400),
    ],
)
def test_a_handshake_that_is_none_is_refused(part: bytes, instead: bytes, status: int) -> None:
    request = websocket.read_request(HANDSHAKE.replace(part, instead))

    refused = websocket.check_handshake(request) if isinstance(request, websocket.Request) else request
    assert isinstance(refused, Refused)
    assert refused.status == status
    assert websocket.refusal_response(refused).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b"Upgrade: WebSocket", b"Upgrade: h2c, websocket"),
        (b"Connection: keep-alive, Upgrade", b"Connection: keep-alive\r\nConnection: UPGRADE"),
        (b"Host: x", b"Host: x\r\nContent-Length: 0"),
        (b"Host: x", b"Host:\t x \t"),
        (b"Host: x", b"Host: x\r\nCookie: a=1\r\nCookie: b=2"),
        (b"Host: x", b"Host: x\r\nX-Name: \xe5\x90\x8d\tA"),
    ],
)
def test_a_handshake_that_is_unusual_is_one(part: bytes, instead: bytes) -> None:
    request = websocket.read_request(HANDSHAKE.replace(part, instead))

    assert isinstance(request, websocket.Request)
    assert websocket.check_handshake(request) == KEY


def test_a_refusal_has_the_headers_that_every_response_has() -> None:
    response = websocket.refusal_response(Refused(400, "No."), [(b"date", b"Sun, 01 Mar 2026 12:00:00 GMT")])

    assert b"\r\nDate: Sun, 01 Mar 2026 12:00:00 GMT\r\n" in response
    problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "No."}
    assert json.loads(response.partition(b"\r\n\r\n")[2]) == problem
