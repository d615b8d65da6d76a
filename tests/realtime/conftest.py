"""A socket that speaks the protocol to the real application."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from uuid6 import uuid7

from backend.accounts.models import User
from backend.config.asgi import application
from backend.realtime.log import epochs
from backend.realtime.log.receipts import receipts
from backend.realtime.socket.hub import hub
from backend.realtime.sync import release_connections

Json = dict[str, Any]
HOW_FAR = {"heartbeat", "caught_up"}


class Socket:
    """One phone's conversation."""

    def __init__(self, headers: dict[str, str], subprotocols: list[str]) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.communicator = WebsocketCommunicator(
            application, "/ws/v1/", headers=raw, subprotocols=subprotocols
        )
        self.backlog: list[Json] = []
        self._id = 0

    async def open(self) -> "Socket":
        accepted, _ = await self.communicator.connect(timeout=3)
        assert accepted
        return self

    async def send(self, frame: Json | str) -> None:
        await self.communicator.send_to(text_data=frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self, timeout: float = 3) -> Json:
        """Return the next frame but for those that tell how far one is; a close is {"close": code}."""
        while (frame := await self.receive_any(timeout)).get("type") in HOW_FAR:
            pass
        return frame

    async def receive_any(self, timeout: float = 3) -> Json:
        """Return the next frame, whatever it is."""
        message = await self.communicator.receive_output(timeout)
        if message["type"] == "websocket.close":
            return {"close": message["code"]}
        frame: Json = json.loads(message["text"])
        return frame

    async def how_far(self, type: str) -> Json:
        """Return the next frame of a type of those that tell how far one is; events wait in `backlog`."""
        while (frame := await self.receive_any()).get("type") != type:
            self.backlog.append(frame)
        return frame

    async def hello(self, cursors: dict[str, int] | None = None, *, epoch: str | None = None) -> Json:
        """Say hello with cursors of the present epoch, of the one given, or (empty) of none; returns the answer."""
        if epoch is None:
            epoch = await sync_to_async(epochs.current)()
        named = {"epoch": epoch} if epoch else {}
        await self.send({"id": 0, "type": "hello", "cursors": cursors or {}, **named})
        reply = await self.receive()
        return reply.get("result", reply)  # type: ignore[no-any-return]

    async def command(self, type: str, body: Json | None = None, key: UUID | None = None) -> Json:
        """Send a command and return its reply; frames that come before it stay in `backlog`."""
        self._id += 1
        await self.send({"id": self._id, "type": type, "key": str(key or uuid7()), "body": body or {}})
        while (frame := await self.receive()).get("reply", -1) != self._id:
            self.backlog.append(frame)
        return frame

    async def event(self, type: str) -> Json:
        """Return the next event of a type."""
        while True:
            frame = self.backlog.pop(0) if self.backlog else await self.receive()
            if frame.get("type") == type:
                return frame

    async def is_silent(self, timeout: float = 0.3) -> bool:
        """Tell whether nothing comes but what tells how far one is."""
        while not self.backlog:
            if await self.communicator.receive_nothing(timeout):
                return True
            frame = await self.receive_any()
            if frame.get("type") not in HOW_FAR:
                self.backlog.append(frame)
        return False


class Connect(Protocol):
    """Opens a socket for a user, or with a given token; says hello unless told not to."""

    async def __call__(
        self,
        user: User | None = None,
        *,
        token: str | None = None,
        cursors: dict[str, int] | None = None,
        epoch: str | None = None,
    ) -> Socket: ...


@pytest.fixture
async def connect(transactional_db: None, client_of: Callable[[User], Any]) -> AsyncIterator[Connect]:
    sockets: list[Socket] = []

    async def open_socket(
        user: User | None = None,
        *,
        token: str | None = None,
        cursors: dict[str, int] | None = None,
        epoch: str | None = None,
    ) -> Socket:
        if user is not None:
            token = (await sync_to_async(client_of)(user)).tokens.access
        headers = {"authorization": f"Bearer {token}"} if token else {}
        socket = await Socket(headers, ["muster.v1"]).open()
        sockets.append(socket)
        socket.welcome = await socket.hello(cursors, epoch=epoch)  # type: ignore[attr-defined]
        return socket

    yield open_socket
    for socket in sockets:
        await socket.communicator.disconnect()
    await hub.stop()
    receipts._pending.clear()
    await release_connections()
    await sync_to_async(connections.close_all)()  # the thread that the test itself used
