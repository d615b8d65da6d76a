"""The WebSocket protocol without I/O: a client's bytes in, whole messages out (RFC 6455, no extensions)."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from websockets.speedups import apply_mask

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_OPCODES = frozenset({_CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_FIN, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_MAX_CONTROL = 125
MAX_PARTS = 1_000
"""Frames of one message: each costs work, even an empty one."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Incoming = tuple[int, bytes]
"""One whole message: its opcode (TEXT, BINARY, CLOSE, PING, PONG) and its payload."""


class Violation(Exception):
    """The peer broke the protocol; `code` closes the socket."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


class FrameReader:
    """Assembles the bytes of a client into messages, of at most `max_size` bytes each.

    An idle socket holds no buffer, because there are many of them.
    """

    __slots__ = ("_buffer", "_held", "_needed", "_opcode", "_parts", "max_size")

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self._buffer: bytearray | None = None
        self._needed = 0
        self._opcode = 0
        self._parts: list[bytes] | None = None
        self._held = 0

    def feed(self, data: bytes) -> list[Incoming]:
        """Return the messages that are complete now. Raises Violation; after it the reader is unusable."""
        if self._buffer is not None:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return []
            data, self._buffer = bytes(self._buffer), None
        found: list[Incoming] = []
        at = 0
        while len(data) - at >= 2:
            body, end = self._bounds(data, at)
            if end > len(data):
                self._needed = end - at
                break
            payload = apply_mask(data[body:end], data[body - 4 : body])
            message = self._put_together(data[at], payload)
            if message is not None:
                found.append(message)
            at = end
        else:
            self._needed = 2
        if at < len(data):
            self._buffer = bytearray(data[at:])
        return found

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Return where the payload of the frame at `at` begins and ends, or an end beyond the data."""
        first, second = data[at], data[at + 1]
        size, body = second & 0x7F, at + 6
        if first & _RESERVED or not second & _MASKED or first & 0x0F not in _OPCODES:
            raise Violation(1002, "not a frame of a client")
        if first & CLOSE and (size > _MAX_CONTROL or not first & _FIN):
            raise Violation(1002, "a control frame that is too long or in parts")
        if size >= 126:
            width = 2 if size == 126 else 8
            body += width
            if len(data) < at + 2 + width:
                return body, body
            size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
        if self._held + size > self.max_size:
            raise Violation(1009, "message too large")
        return body, body + size

    def _put_together(self, first: int, payload: bytes) -> Incoming | None:
        """Return the message that this frame completes."""
        opcode = first & 0x0F
        if opcode & CLOSE:
            return opcode, payload
        if (opcode == _CONTINUATION) == (self._parts is None):
            raise Violation(1002, "a part without its beginning, or a beginning inside another message")
        if self._parts is None and first & _FIN:
            return opcode, payload
        if self._parts is None:
            self._opcode, self._parts = opcode, []
        self._parts.append(payload)
        self._held += len(payload)
        if len(self._parts) > MAX_PARTS:
            raise Violation(1008, "too many parts")
        if not first & _FIN:
            return None
        whole, self._parts, self._held = b"".join(self._parts), None, 0
        return self._opcode, whole


def frame(opcode: int, payload: bytes) -> bytes:
    """Return the bytes of an unmasked, unfragmented frame."""
    size = len(payload)
    if size < 126:
        head = bytes((_FIN | opcode, size))
    elif size < 65_536:
        head = bytes((_FIN | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a close frame; the reason is cut to the size of a control frame."""
    text = reason.encode()[: _MAX_CONTROL - 2].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + text)


def close_code(payload: bytes) -> int:
    """Return the code of a peer's close; 1005 without a code. Raises Violation."""
    if not payload:
        return 1005
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (code in _MAY_BE_SENT or 3000 <= code < 5000):
        raise Violation(1002, "a close code that may not be sent")
    try:
        payload[2:].decode()
    except UnicodeDecodeError as error:
        raise Violation(1007, "a reason that is no UTF-8") from error
    return code


_MAY_BE_SENT = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


# --- the handshake ------------------------------------------------------------------------------------------------


HEADERS_END = b"\r\n\r\n"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(rb"/[!-~]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
"""Characters that no header contains, except for its line ends."""
_ONCE = (
    b"host",
    b"origin",
    b"authorization",
    b"content-length",
    b"sec-websocket-key",
    b"sec-websocket-version",
)
"""Headers that must not occur twice, because it would be unclear which one counts."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request for a WebSocket; header names are in lower case."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    by_name: dict[bytes, bytes]
    """The headers by name; of several with one name the last."""

    def header(self, name: bytes) -> bytes:
        """Return the value of a header; empty when there is none."""
        return self.by_name.get(name, b"")

    def subprotocols(self) -> list[str]:
        """Return the subprotocols that the client offers, in its order."""
        offers = [value for name, value in self.headers if name == b"sec-websocket-protocol"]
        return [one.strip().decode("latin-1") for offer in offers for one in offer.split(b",")]


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused request: the HTTP status, the reason, further header lines, the problem's type."""

    status: int
    reason: str
    headers: bytes = b""
    type: str = "about:blank"


NO_REQUEST = Refused(400, "This is no request of HTTP/1.1.")


def read_request(head: bytes) -> Request | Refused | None:
    """Return the request with these headers if it wants a WebSocket, or its refusal; None for an ordinary request."""
    first, *lines = head.split(b"\r\n")
    headers, sound = [], not _CONTROL.search(head)
    for line in lines:
        name, colon, value = line.partition(b":")
        sound = sound and bool(colon and _NAME.fullmatch(name))
        headers.append((name.lower(), value.strip(b" \t")))
    by_name = dict(headers)
    # Of two lengths a proxy may believe the other one, and then both disagree where the next request begins.
    if not sound or (b"content-length" in by_name and b"transfer-encoding" in by_name):
        return NO_REQUEST
    if b"websocket" not in _tokens(headers, b"upgrade"):
        return None
    method, _, rest = first.partition(b" ")
    target, _, version = rest.partition(b" ")
    if version != b"HTTP/1.1" or not _TARGET.fullmatch(target):
        return NO_REQUEST
    return Request(method, target, headers, by_name)


def _tokens(headers: list[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    """Return the elements of a header that is a list, in lower case."""
    return [
        one.strip(b" \t").lower() for name, value in headers if name == wanted for one in value.split(b",")
    ]


def check_handshake(request: Request) -> Refused | bytes:
    """Return the key of a handshake (RFC 6455, 4.2.1), or its refusal."""
    if request.method != b"GET":
        return Refused(405, "A WebSocket opens with GET.", b"Allow: GET\r\n")
    if wrong := _wrong_headers(request):
        return Refused(400, wrong)
    if request.header(b"sec-websocket-version") != b"13":
        return Refused(426, "Only version 13 of WebSocket is spoken.", b"Sec-WebSocket-Version: 13\r\n")
    key = request.header(b"sec-websocket-key")
    try:
        whole = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        whole = False
    return key if whole else Refused(400, "Sec-WebSocket-Key is missing or wrong.")


def _wrong_headers(request: Request) -> str:
    """Return the fault in the headers of a handshake; empty when they are correct."""
    if len(request.by_name) != len(request.headers):
        names = [name for name, _ in request.headers]
        if twice := [name for name in _ONCE if names.count(name) > 1]:
            return f"The header {twice[0].decode()} may stand there once."
    if not request.header(b"host"):
        return "The header Host is missing."
    if b"upgrade" not in _tokens(request.headers, b"connection"):
        return "The header Connection must say Upgrade."
    if request.header(b"content-length") not in (b"", b"0") or b"transfer-encoding" in request.by_name:
        return "A handshake has no body."
    return ""


def accept_response(key: bytes, subprotocol: str | None) -> bytes:
    """Return the response that switches protocols."""
    digest = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  # the protocol says SHA-1
    lines = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    lines += b"Sec-WebSocket-Accept: " + digest + b"\r\n"
    if subprotocol:
        lines += b"Sec-WebSocket-Protocol: " + subprotocol.encode("ascii") + b"\r\n"
    return lines + b"\r\n"


def refusal_response(refused: Refused, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return the HTTP response to a refused request; `headers` are those of every response."""
    status = HTTPStatus(refused.status)
    problem = {"type": refused.type, "title": status.phrase, "status": status.value, "detail": refused.reason}
    body = json.dumps(problem).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}".encode(),
        b"Content-Type: application/problem+json",
        b"Cache-Control: no-store",
        b"Connection: close",
        f"Content-Length: {len(body)}".encode(),
        *(name.title() + b": " + value for name, value in headers),
    ]
    return b"\r\n".join(lines) + b"\r\n" + refused.headers + b"\r\n" + body
