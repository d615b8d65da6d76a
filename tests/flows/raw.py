"""A connection to a server that sends what it likes, from whichever loopback address it likes."""

import base64
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

PATIENCE_S = 30.0
HELLO = {"type": "hello", "id": 0}


@dataclass(frozen=True)
class Response:
    """What came back: header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> str:
        """The type of the problem that it is; empty when it is none."""
        if self.headers.get("content-type") != "application/problem+json":
            return ""
        return str(json.loads(self.body)["type"]).removeprefix("/problems/")


class Raw:
    """One TCP connection."""

    def __init__(
        self, port: int, source: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None, name: str = ""
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S, source_address=(source, 0))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self._read = b""

    def __enter__(self) -> "Raw":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """Send bytes; False when the server has closed."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
    ) -> Response:
        """Send a request on this connection and return the response; a body that is not bytes goes as JSON."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {"Host": host, "Content-Length": str(len(sent)), **(headers or {})}
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + sent)
        return self.response()

    def response(self) -> Response:
        """Return the next response; its status is 0 when the server closed without one."""
        while b"\r\n\r\n" not in self._read:
            if not self._more():
                return Response(0, {}, self._read)
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split(" ")[1])
        if status == 100:
            return self.response()
        return Response(status, headers, self._body(headers, status))

    def _body(self, headers: Mapping[str, str], status: int) -> bytes:
        if status in (101, 204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        length = int(headers.get("content-length", "0"))
        while len(self._read) < length and self._more():
            pass
        body, self._read = self._read[:length], self._read[length:]
        return body

    def _chunks(self) -> bytes:
        whole = b""
        while True:
            while b"\r\n" not in self._read:
                assert self._more()
            size, _, self._read = self._read.partition(b"\r\n")
            length = int(size, 16)
            while len(self._read) < length + 2:
                assert self._more()
            whole, self._read = whole + self._read[:length], self._read[length + 2 :]
            if not length:
                return whole

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65_536)
        except OSError:
            return False
        self._read += data
        return bool(data)

    def closed_after(self, patience_s: float) -> float | None:
        """Return how long it takes until the server closes, None when it does not in that time."""
        began = time.monotonic()
        self.socket.settimeout(patience_s)
        try:
            while self.socket.recv(65_536):
                self.socket.settimeout(max(0.01, began + patience_s - time.monotonic()))
        except TimeoutError:
            return None
        except OSError:
            pass
        return time.monotonic() - began

    # --- a WebSocket ------------------------------------------------------------------------------------------------

    def handshake(self, headers: Mapping[str, str] | None = None, path: str = "/ws/v1/") -> Response:
        """Ask for a WebSocket."""
        key = base64.b64encode(os.urandom(16)).decode()
        named = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        return self.request("GET", path, headers=named)

    def say(self, frame: Any) -> bool:
        """Send a text frame: JSON, or a text as it is."""
        payload = (frame if isinstance(frame, str) else json.dumps(frame)).encode()
        return self.send(client_frame(0x1, payload))

    def heard(self) -> dict[str, Any]:
        """Return the next frame, or {"close": code, "reason": why}; pings are passed over."""
        opcode, payload = self._frame()
        if opcode == 0x8:
            code = struct.unpack(">H", payload[:2])[0] if payload else 1005
            return {"close": code, "reason": payload[2:].decode()}
        if opcode != 0x1:
            return self.heard() if opcode else {"close": 1006, "reason": ""}
        return dict(json.loads(payload))

    def _frame(self) -> tuple[int, bytes]:
        if not self._has(2):
            return 0, b""
        size, at = self._read[1] & 0x7F, 2
        if size >= 126:
            at += 2 if size == 126 else 8
            if not self._has(at):
                return 0, b""
            size = int.from_bytes(self._read[2:at], "big")
        if not self._has(at + size):
            return 0, b""
        opcode, payload = self._read[0] & 0x0F, self._read[at : at + size]
        self._read = self._read[at + size :]
        return opcode, payload

    def _has(self, size: int) -> bool:
        while len(self._read) < size:
            if not self._more():
                return False
        return True


def client_frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """Return a frame as clients send it, masked with zeros."""
    first, size = opcode | (0x80 if fin else 0), len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65_536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload
