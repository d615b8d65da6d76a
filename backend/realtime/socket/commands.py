"""Commands of realtime itself: they change the socket, not the database."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import pydantic
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from backend.lib.clock import now
from backend.lib.errors import NotAllowed, Refusal, require
from backend.lib.problems import invalid
from backend.lib.shapes import Request, Shape, read_members
from backend.realtime import services
from backend.realtime.connection import Connection
from backend.realtime.frames import MAX_TOPICS, CommandFrame, EpochName, Joined, TopicName
from backend.realtime.registry import Credentials
from backend.realtime.schemas import Done
from backend.realtime.socket.hub import hub
from backend.realtime.sync import in_thread


class Conversation(Protocol):
    """One socket after its hello, as these commands use it."""

    @property
    def connected(self) -> Connection:
        """Return its connection."""

    async def admit(
        self, opening: services.Opening, reply_to: int, result_of: Callable[[dict[str, Joined]], Any]
    ) -> None:
        """Join topics and answer."""

    def reply(self, reply_to: int, result: Any) -> None:
        """Answer a command."""


class TopicJoin(Request):
    """Join a topic; with a cursor of this epoch the missed events follow, otherwise the reply holds a snapshot."""

    topic: TopicName
    epoch: EpochName | None = None
    cursor: Annotated[int, Field(ge=0, lt=2**62)] | None = None


class OwnTopic(Refusal):
    """The server has joined you to this topic because it is yours; it ends when you leave the unit."""

    slug = "own-topic"
    text = _("You hear of this because it is your own inbox or unit.")


class TopicLeave(Request):
    """Leave a topic that was joined with `topic.join`."""

    topic: TopicName


class SessionRenew(Request):
    """Bring a new access token before the old one expires; the socket stays open."""

    token: Annotated[str, Field(max_length=4_000)]


async def join(socket: Conversation, frame: CommandFrame) -> None:
    """Join a topic (`topic.join`)."""
    body = body_of(TopicJoin, frame)
    connection = socket.connected
    if len(connection.topics) >= MAX_TOPICS and body.topic not in connection.topics:
        raise services.TooManyTopics
    began = time.monotonic()
    cursors = {} if body.cursor is None else {body.topic: body.cursor}
    reached = services.Reached(body.epoch, cursors)
    opening = await in_thread(services.join_topic, connection.principal, body.topic, reached)
    if body.topic not in connection.topics:
        connection.asked = (connection.asked or set()) | {body.topic}
    await socket.admit(opening, frame.id, lambda topics: topics[body.topic])
    hub.reviews.put_if_changed(connection, began)


async def leave(socket: Conversation, frame: CommandFrame) -> None:
    """Leave a topic (`topic.leave`)."""
    connection, name = socket.connected, body_of(TopicLeave, frame).topic
    require(name not in connection.topics or name in (connection.asked or ()), OwnTopic)
    hub.leave(connection, name)
    socket.reply(frame.id, Done())


async def renew(socket: Conversation, frame: CommandFrame) -> None:
    """Go on with a new access token of the same device (`session.renew`)."""
    credentials = Credentials(token=body_of(SessionRenew, frame).token)
    connection = socket.connected
    principal = await in_thread(services.sign_in_socket, credentials, at=now())
    if (principal.person, principal.session) != (connection.principal.person, connection.principal.session):
        raise NotAllowed("This token is another person's or another device's.")
    connection.principal = principal
    socket.reply(frame.id, Done())


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A command of realtime itself: its shapes and its function in the event loop."""

    body: type[Request]
    result: type[Shape]
    run: Callable[[Conversation, CommandFrame], Awaitable[None]]


BUILT_IN: dict[str, BuiltIn] = {
    "topic.join": BuiltIn(TopicJoin, Joined, join),
    "topic.leave": BuiltIn(TopicLeave, Done, leave),
    "session.renew": BuiltIn(SessionRenew, Done, renew),
}


def body_of(shape: type[Any], frame: CommandFrame) -> Any:
    """Return the body of a command. Raises Invalid with each wrong member."""
    try:
        return read_members(shape, frame.body)
    except pydantic.ValidationError as error:
        raise invalid(error, base="/body") from error
