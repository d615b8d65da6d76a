"""One request and one answer of HTTP on a connection, as little of it as a proxy in front of a phone needs."""

import asyncio
import json
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

from simulator.conformance.trace import Asked, Headers

LONGEST_HEAD = 65_536
BY_HAND = {"connection", "transfer-encoding", "content-length", "keep-alive", "accept-encoding", "host"}
"""What concerns one connection alone, and is written anew for the next."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a phone is answered."""

    status: int
    headers: Headers = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, status: int, body: Any) -> "Answer":
        """Return an answer, or a problem, as the server gives it."""
        type = "application/json" if status < 400 else "application/problem+json"
        return cls(status, {"content-type": type}, json.dumps(body).encode())

    @property
    def json(self) -> Any:
        """What it says; None when that is not JSON."""
        return parsed(self.body)


BREAK = Answer(0)
"""No answer: the line breaks."""
HOLD = Answer(-1)
"""No answer: the line stays, and nothing comes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    asked: Asked
    head: bytes
    body: bytes


def parsed(content: bytes) -> Any:
    """Return what JSON says, None when it is none."""
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read a request with its body. Raises ValueError, EOFError or OSError."""
    head = await reader.readuntil(b"\r\n\r\n")
    line, headers = _split(head)
    method, target, _ = line.split(" ", 2)
    opens = headers.get("upgrade", "").lower() == "websocket"
    body = b"" if opens else await _body(reader, headers)
    asked = Asked(method=method, target=target, headers=headers, body=parsed(body), opens=opens)
    return Request(asked, head, body)


async def exchange(server: str, request: Request) -> Answer:
    """Ask the server the same and return its answer. Raises OSError, EOFError or ValueError."""
    address = urlsplit(server)
    secure = ssl.create_default_context() if address.scheme == "https" else None
    port = address.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(address.hostname, port, ssl=secure, limit=LONGEST_HEAD)
    try:
        asked = request.asked
        kept = {name: value for name, value in asked.headers.items() if name not in BY_HAND}
        lines = [f"{asked.method} {asked.target} HTTP/1.1", f"host: {address.netloc}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        if request.body or asked.method not in ("GET", "HEAD"):
            lines.append(f"content-length: {len(request.body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
        await writer.drain()
        line, headers = _split(await reader.readuntil(b"\r\n\r\n"))
        status = int(line.split(" ", 2)[1])
        if asked.method == "HEAD" or status == 204:
            return Answer(status, headers)
        whole = "content-length" in headers or "transfer-encoding" in headers
        return Answer(status, headers, await (_body(reader, headers) if whole else reader.read()))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def written(answer: Answer) -> bytes:
    """Return an answer as it goes over the line, which ends with it."""
    kept = {name: value for name, value in answer.headers.items() if name not in BY_HAND}
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in kept.items()]
    if answer.status != 204:
        lines.append(f"content-length: {len(answer.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _split(head: bytes) -> tuple[str, Headers]:
    line, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (text.partition(":") for text in lines)
    return line, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: Headers) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    content = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return content
