"""One socket of a phone: frames out, replies matched to their commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from simulator.reconnect import LOST, SIGN_IN

VERSION = Subprotocol("muster.v1")


class Gone(Exception):
    """The socket is closed; `code` says why."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"closed with {code}")


class Problem(Exception):
    """A command was answered by a problem."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(f"{problem.get('status')} {problem.get('type')} {problem.get('detail')}")


class Link:
    """An open socket. Iteration (`async for`) yields the server's frames; replies go to the callers of commands."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._early: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, url: str, token: str) -> "Link":
        """Connect and sign in by header. Raises Gone."""
        try:
            connection = await connect(
                url,
                subprotocols=[VERSION],
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                ping_interval=None,
                open_timeout=15,
                close_timeout=2,
                proxy=None,
            )
        except InvalidStatus as refused:
            raise Gone(SIGN_IN if refused.response.status_code in (401, 403) else LOST) from refused
        except (OSError, TimeoutError, EOFError, InvalidHandshake, ConnectionClosed) as error:
            raise Gone(LOST) from error
        return cls(connection)

    async def hello(self, epoch: str, cursors: dict[str, int]) -> dict[str, Any]:
        """Say hello, return the welcome; frames before it are read afterwards. Raises Problem or Gone."""
        client = {"app": "simulator", "version": "1"}
        frame = {"id": 0, "type": "hello", "epoch": epoch, "cursors": cursors, "client": client}
        await self.tell(frame)
        while True:
            answer = await self._receive()
            if "reply" not in answer:
                self._early.append(answer)
            elif "problem" in answer:
                raise Problem(answer["problem"])
            else:
                welcome: dict[str, Any] = answer["result"]
                return welcome

    async def ask(self, type: str, *, key: UUID | None = None, **fields: Any) -> Any:
        """Send a frame that gets a reply and return its result. Raises Problem or Gone."""
        self._last_id += 1
        frame = {"id": self._last_id, "type": type, **({"key": str(key)} if key else {}), **fields}
        reply = self._asked[self._last_id] = asyncio.get_running_loop().create_future()
        await self.tell(frame)
        return await reply

    async def tell(self, frame: dict[str, Any]) -> None:
        """Send a frame that gets no reply. Raises Gone."""
        try:
            await self._connection.send(json.dumps(frame))
        except ConnectionClosed as closed:
            raise Gone(_code_of(closed)) from closed

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        for frame in self._early:
            yield frame
        while True:
            frame = await self._receive()
            if "reply" in frame:
                self._settle(frame)
            else:
                yield frame

    async def close(self) -> None:
        """Close as a phone does that is switched off."""
        await self._connection.close()

    def abandon(self, code: int) -> None:
        """Fail the callers that wait for a reply, and drop the connection."""
        for reply in self._asked.values():
            if not reply.done():
                reply.set_exception(Gone(code))
                reply.exception()  # retrieved here, so that an abandoned reply is not reported
        self._asked.clear()
        self._connection.transport.abort()

    async def _receive(self) -> dict[str, Any]:
        try:
            frame: dict[str, Any] = json.loads(await self._connection.recv())
        except ConnectionClosed as closed:
            raise Gone(_code_of(closed)) from closed
        return frame

    def _settle(self, frame: dict[str, Any]) -> None:
        reply = self._asked.pop(frame["reply"], None)
        if reply is None or reply.done():
            return
        if "problem" in frame:
            reply.set_exception(Problem(frame["problem"]))
        else:
            reply.set_result(frame.get("result"))


def _code_of(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd else LOST
