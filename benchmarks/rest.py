"""Posts to a server of the run without leaving the event loop."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The response."""

    status: int
    body: bytes


async def post(port: int, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Post JSON over a connection of its own and return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"POST {path} HTTP/1.1", "Connection: close", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ", 2)[1]), content)
