"""A small JSON client over asyncio streams: one connection a request, so it survives a server's restart."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30.0


class Refused(Exception):
    """The server answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{status} {problem.get('type', '')} {problem.get('detail', '')}".strip())


class Unreachable(Exception):
    """The server did not answer, or the answer broke off."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Calls the REST API of one server, for example `http://127.0.0.1:8000`."""

    base: str

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Any:
        """Return the JSON answer, None for 204. Raises Refused or Unreachable."""
        try:
            status, content = await asyncio.wait_for(self._exchange(method, path, body, token), timeout_s)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ValueError) as error:
            raise Unreachable(f"{method} {path}: {error!r}") from error
        answer = _parsed(content)
        if status >= 400:
            raise Refused(
                status, answer if isinstance(answer, dict) else {"detail": content[:200].decode("latin-1")}
            )
        return answer

    async def _exchange(self, method: str, path: str, body: Any, token: str | None) -> tuple[int, bytes]:
        address = urlsplit(self.base)
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
        try:
            writer.write(_request(method, path, address.netloc, body, token))
            await writer.drain()
            return await _response(reader)
        finally:
            writer.close()


def _request(method: str, path: str, host: str, body: Any, token: str | None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        "Accept: application/json",
        f"Content-Length: {len(content)}",
    ]
    if body is not None:
        lines.append("Content-Type: application/json")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode() + content


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(status_line.split(" ", 2)[1])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return status, await _chunks(reader)
    if "content-length" in headers:
        return status, await reader.readexactly(int(headers["content-length"]))
    return status, await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    content = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    return content


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
