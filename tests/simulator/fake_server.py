"""A server of a few lines that speaks just enough of the protocol to try a phone against."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol


class FakeServer:
    """Takes one phone at a time; a test tells it what to say and reads what it heard."""

    def __init__(self) -> None:
        self.hellos: list[dict[str, Any]] = []
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.epoch = "0199a5e27c407b3a9d514e1f6a2b8c90"
        self.topics: dict[str, Any] = {}
        self.phone: ServerConnection | None = None
        self.authorization = ""
        self.url = ""

    async def conversation(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.authorization = connection.request.headers["Authorization"]
        hello = json.loads(await connection.recv())
        self.hellos.append(hello)
        self.phone = connection
        welcome = {"volunteer": "10000005", "epoch": self.epoch, "topics": self.topics, "unknown": []}
        times = {"heartbeat_s": 25, "position_every_s": 30, "server_time": "2026-11-23T00:00:00Z"}
        await self.say({"reply": hello["id"], "result": welcome | times})
        async for text in connection:
            frame = json.loads(text)
            self.heard.put_nowait(frame)
            if frame["type"] == "assignment.answer":
                await self.say({"reply": frame["id"], "result": {"status": "accepted"}})

    async def say(self, frame: dict[str, Any]) -> None:
        assert self.phone is not None
        await self.phone.send(json.dumps(frame))

    async def hear(self, type: str) -> dict[str, Any]:
        """Return the next frame of a type."""
        async with asyncio.timeout(5):
            while (frame := await self.heard.get())["type"] != type:
                pass
        return frame


@asynccontextmanager
async def fake_server() -> AsyncIterator[tuple[FakeServer, str]]:
    """Run one on a free port."""
    fake = FakeServer()
    subprotocols = [Subprotocol("muster.v1")]
    async with serve(fake.conversation, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        fake.url = f"ws://127.0.0.1:{_port(server)}/ws/v1/"
        yield fake, fake.url


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])
