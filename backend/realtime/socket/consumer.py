"""The one consumer: speaks the wire protocol on one socket.

It has its own receive loop. The dispatch of Channels visits the thread pool for every frame to close old database
connections (measured: 8 × fewer frames a second).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pydantic
from django.conf import settings

from backend.lib.buckets import Bucket
from backend.lib.clock import now
from backend.lib.errors import Malformed, NotAllowed, NotSignedIn, TokenExpired
from backend.lib.logs import name_socket
from backend.lib.problems import invalid, problem_of, refuse_nul, refuse_twice, what_is_wrong
from backend.lib.proxies import neighbourhood
from backend.lib.shapes import Shape
from backend.realtime import metrics, services
from backend.realtime.connection import Connection
from backend.realtime.frames import (
    COMMAND_FRAME,
    MAX_FRAME_BYTES,
    CommandFrame,
    Hello,
    Joined,
    Ping,
    Pong,
    ProblemReply,
    ReceiptFrame,
    ReceiptUnknown,
    Reply,
    ReplyAgain,
    id_in,
    known_frames,
)
from backend.realtime.log.receipts import receipts
from backend.realtime.pace import acting
from backend.realtime.registry import FrameKind, registry
from backend.realtime.server.credentials import credentials_of
from backend.realtime.socket import batches
from backend.realtime.socket.admission import GENUINE_WEIGHS, strangers
from backend.realtime.socket.commands import BUILT_IN, body_of
from backend.realtime.socket.handshakes import arrivals
from backend.realtime.socket.hub import RESTARTING, come_back, hub
from backend.realtime.socket.topic_joins import admit

logger = logging.getLogger(__name__)

Known = Hello | ReceiptFrame | Ping
HELLO_WITHIN_S = 10.0
FRAMES_PER_S = 50.0
BURST = 200.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Closed(Exception):
    """Ends the conversation with a documented close code."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason


class PhoneSocket:
    """One conversation, from the handshake to the close."""

    __slots__ = ("connection", "frames", "receive", "scope", "send")

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.connection: Connection | None = None
        self.frames = Bucket(at_once=BURST, per_s=FRAMES_PER_S)

    async def run(self) -> None:
        """Speak until either side closes."""
        name_socket()
        await self.receive()  # websocket.connect
        subprotocol = "muster.v1" if "muster.v1" in self.scope.get("subprotocols", ()) else None
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol})
        try:
            await self._enter()
            while True:
                await self._take(await self._next())
        except _Closed as closed:
            await self._close(closed)
        finally:
            if self.connection is not None:
                self.connection.gone()
                for forget in registry.closed:
                    forget(self.connection)
                hub.remove(self.connection)

    async def _next(self) -> str:
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise self._goodbye() if message.get("code") == RESTARTING else _Closed(0, "")
        metrics.frames_in.inc()
        self._expect_signed_in()
        text = message.get("text")
        if not self.frames.take():
            raise _Closed(4290, f"too fast: at most {FRAMES_PER_S:.0f} frames a second")
        if text is None:
            raise _Closed(4400, "text frames only")
        # A character is at most four bytes, so most frames need no second check.
        if len(text) * 4 > MAX_FRAME_BYTES and len(text.encode()) > MAX_FRAME_BYTES:
            raise _Closed(4400, "frame too large")
        return str(text)

    def _goodbye(self) -> _Closed:
        """Send the phone away because this process restarts, with its own time for the reconnect."""
        if self.connection is not None:
            self.connection.push_text(come_back(len(hub.connections)))
        return _Closed(RESTARTING, "restarting: reconnect")

    def _expect_signed_in(self) -> None:
        """Accept no frame on a socket that is being closed, or whose token has expired."""
        connection = self.connection
        if connection is None:
            return
        if connection.closing is not None:
            raise _Closed(0, "")
        expires_at = connection.principal.expires_at
        if expires_at is not None and expires_at <= now():
            raise _Closed(4401, "the token has expired")

    async def _close(self, closed: _Closed) -> None:
        if not closed.code:
            return
        try:
            if self.connection is not None:
                self.connection.close(closed.code, closed.reason)
            else:
                await self.send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
        except Exception as error:
            logger.debug("socket is gone: %r", error)

    # --- hello ----------------------------------------------------------------------------------------------------

    async def _enter(self) -> None:
        """Open the socket, unless its address has too many that cannot sign in."""
        client = self.scope.get("client")
        if client is None:  # a server's test client, or a Unix socket
            await self._open()
            return
        address = neighbourhood(client[0]) or client[0]
        if not strangers.may_enter(address):
            raise _Closed(4290, "too many sockets of your address do not sign in: come back later")
        weight = 0.0
        try:
            await self._open()
        except _Closed as closed:
            weight = _weight(closed)
            raise
        finally:
            strangers.known(address, weight=weight)

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                text = await self._next()
            hello = known_frames().validate_json(text, strict=True)
        except TimeoutError:
            raise _Closed(4290, "no hello came in time: reconnect") from None
        except pydantic.ValidationError as error:
            raise _Closed(4400, f"not a hello: {what_is_wrong(error.errors()[0])}"[:100]) from error
        if not isinstance(hello, Hello):
            raise _Closed(4400, "say hello first")
        hub.start()
        at, began = now(), time.monotonic()
        try:
            opening = await self._read(hello)
        except NotSignedIn as refusal:
            raise _Closed(4401, refusal.detail) from refusal
        except NotAllowed as refusal:
            raise _Closed(4403, "this device was signed out") from refusal
        extension = self.scope.get("extensions", {}).get("muster.frame", {})
        self.connection = Connection(self.send, extension.get("write"), opening.principal, at)
        self.scope.clear()  # some 2 KiB, mostly headers, that all tasks of this socket still hold
        hub.add(self.connection)
        await self.admit(opening, hello.id, lambda topics: self._welcome(opening, topics))
        hub.reviews.put_if_changed(self.connection, began)
        if hello.epoch == opening.epoch:
            self._take_receipt(hello.cursors, {})

    async def _read(self, hello: Hello) -> services.Opening:
        """Read the socket's opening; read it again if the log has a new epoch meanwhile."""
        while True:
            opening = await arrivals.open(
                credentials_of(self.scope), services.Reached(hello.epoch, hello.cursors)
            )
            if await hub.agrees(opening.epoch):
                return opening

    async def admit(
        self, opening: services.Opening, reply_to: int, result_of: Callable[[dict[str, Joined]], Any]
    ) -> None:
        """Join topics and answer, see `topic_joins.admit`."""
        await admit(hub, self.connected, opening, lambda topics: [_reply(reply_to, result_of(topics))])

    def _welcome(self, opening: services.Opening, topics: dict[str, Joined]) -> Shape:
        assert registry.hello_answer is not None, "no app has registered the answer to a hello"
        opened = {
            "epoch": opening.epoch,
            "topics": topics,
            "unknown": list(opening.unknown),
            "heartbeat_s": settings.MUSTER.heartbeat_s,
            "server_time": now(),
        }
        return registry.hello_answer.make(opening.principal, opened)

    # --- frames ---------------------------------------------------------------------------------------------------

    async def _take(self, text: str) -> None:
        try:
            kind, frame = _decode(text)
            if kind is not None:
                kind.run(self.connected, frame)
            elif isinstance(frame, CommandFrame):
                await self._command(frame)
            else:
                self._known(frame)
        except NotSignedIn as refusal:
            raise _Closed(4401, refusal.detail) from refusal
        except _Closed:
            raise
        except Exception as error:
            self._problem(id_in(text), error)

    def _known(self, frame: Known) -> None:
        match frame:
            case ReceiptFrame():
                self._take_told_receipt(frame)
            case Ping():
                self.connected.push_text(Pong(server_time=now()).model_dump_json())
            case Hello():
                raise Malformed("You have said hello already; join further topics with `topic.join`.")

    async def _command(self, frame: CommandFrame) -> None:
        built_in = BUILT_IN.get(frame.type)
        if built_in is not None:
            await built_in.run(self, frame)
            return
        of_an_app = registry.socket_commands.get(frame.type)
        if of_an_app is not None:
            self.reply(frame.id, await of_an_app.run(self.connected, body_of(of_an_app.body, frame)))
            return
        principal = self.connected.principal
        with acting(principal.user_id):
            outcome = await batches.run_command(principal, frame, at=now())
        shape = ReplyAgain if outcome.replayed else Reply
        self.connected.push_text(shape(reply=frame.id, result=outcome.result).model_dump_json())

    def _take_told_receipt(self, frame: ReceiptFrame) -> None:
        """Store what a phone has received and seen, and report unknown topics: misspelled or lost ones."""
        joined = self.connected.topics
        unknown = [name for name in {**frame.delivered, **frame.seen} if name not in joined]
        if unknown:
            self.connected.push_text(ReceiptUnknown(topics=unknown).model_dump_json())
        if frame.epoch == hub.epoch:
            self._take_receipt(frame.delivered, frame.seen)

    def _take_receipt(self, delivered: dict[str, int], seen: dict[str, int]) -> None:
        """Store the part about topics of this socket, limited to their heads; the log's where ours are behind."""
        connection = self.connected

        def known(cursors: dict[str, int]) -> dict[str, int]:
            return {
                name: seq
                for name, seq in cursors.items()
                if name in connection.topics and name in hub.topics and seq
            }

        here, looked_at = known(delivered), known(seen)
        beyond = [
            name for told in (here, looked_at) for name, seq in told.items() if seq > hub.topics[name].head
        ]
        if here or looked_at:
            receipts.add(connection.principal.person, here, looked_at, beyond=beyond, epoch=hub.epoch)

    @property
    def connected(self) -> Connection:
        """The connection of a socket that has said hello."""
        assert self.connection is not None
        return self.connection

    def reply(self, reply_to: int, result: Any) -> None:
        """Answer a command."""
        self.connected.push_text(_reply(reply_to, result))

    def _problem(self, reply_to: int | None, error: Exception) -> None:
        problem = ProblemReply(reply=reply_to, problem=problem_of(error))
        self.connected.push_text(problem.model_dump_json(exclude_none=reply_to is not None))


def _weight(closed: _Closed) -> float:
    """Return the cost of a failed hello: low for a genuine token that has expired or was revoked."""
    if closed.code not in {4400, 4401, 4403}:
        return 0.0
    return GENUINE_WEIGHS if isinstance(closed.__cause__, TokenExpired | NotAllowed) else 1.0


def _reply(reply_to: int, result: Any) -> str:
    return Reply(reply=reply_to, result=result).model_dump_json()


def _decode(text: str) -> tuple[FrameKind | None, Any]:
    """Return the frame, with its kind when an app has registered it.

    An app may salvage parts of a wrong frame of its own kind. Raises Malformed, or Invalid with each wrong field.
    """
    try:
        frame = known_frames().validate_json(text, strict=True)
        if kind := registry.frames.get(frame.type):
            return kind, frame
        refuse_nul(text)
        refuse_twice(text)
        return None, frame
    except pydantic.ValidationError as error:
        wrong = error.errors()
        if not {item["type"] for item in wrong} & {"union_tag_invalid", "union_tag_not_found"}:
            kind = registry.frames.get(str(wrong[0]["loc"][0])) if wrong[0]["loc"] else None
            if kind and (found := kind.salvage(text, error)):
                return kind, found
            raise invalid(error, skip=1) from error  # the first step of each pointer is the union's tag
    refuse_nul(text)
    refuse_twice(text)
    try:
        return None, COMMAND_FRAME.validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        raise invalid(error) from error


def socket_application(scope: dict[str, Any], receive: Receive, send: Send) -> Awaitable[None]:
    """Serve one socket (ASGI)."""
    return PhoneSocket(scope, receive, send).run()


async def no_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Refuse a socket at any other address: a close before the accept is HTTP 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})
