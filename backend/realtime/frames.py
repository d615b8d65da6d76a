"""Every frame of the wire protocol, and the log's message, which is encoded once for all recipients."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union

import pydantic_core
from pydantic import UUID7, BaseModel, ConfigDict, Field, TypeAdapter

from backend.lib.problems import Problem
from backend.lib.shapes import Instant, Shape
from backend.realtime.packing import pack, unpack
from backend.realtime.registry import Principal, registry
from backend.realtime.websocket import TEXT, frame

MAX_FRAME_BYTES = 64 * 1024
MAX_TOPICS = 200
PACKED_FROM = 100
"""The number of volunteer numbers in an audience from which the log packs them; a shorter list stays readable."""

TopicName = Annotated[str, Field(max_length=80)]
LONGEST_EPOCH = 40
EpochName = Annotated[str, Field(max_length=LONGEST_EPOCH)]
"""The epoch of the log to which cursors belong, as the server named it."""
Cursors = Annotated[dict[TopicName, Annotated[int, Field(ge=0, lt=2**62)]], Field(max_length=MAX_TOPICS)]
FrameId = Annotated[int, Field(ge=0, lt=2**53)]


# --- what a phone sends -------------------------------------------------------------------------------------------


class ClientApp(BaseModel):
    """The client's program."""

    model_config = ConfigDict(frozen=True)
    app: Annotated[str, Field(max_length=80)] = ""
    version: Annotated[str, Field(max_length=40)] = ""


class Hello(BaseModel):
    """The first frame: the phone's cursor in each topic, and the epoch of the log that the cursors belong to.

    A topic without a cursor is answered by a snapshot; so is every topic when the epoch is missing or another.
    """

    model_config = ConfigDict(frozen=True)
    type: Literal["hello"] = "hello"
    id: FrameId
    epoch: EpochName | None = None
    cursors: Cursors = {}
    client: ClientApp = ClientApp()


class ReceiptFrame(BaseModel):
    """How far the phone has received (`delivered`) and its person has seen (`seen`) each topic.

    It gets no reply. It has no effect when its epoch is not the log's.
    """

    model_config = ConfigDict(frozen=True)
    type: Literal["receipt"] = "receipt"
    epoch: EpochName
    delivered: Cursors = {}
    seen: Cursors = {}


class Ping(BaseModel):
    """Asks for a `pong`: for clients whose library hides the protocol's own pings."""

    model_config = ConfigDict(frozen=True)
    type: Literal["ping"] = "ping"


class CommandFrame(BaseModel):
    """An act. `key` is a UUIDv7 made by the client: a repetition of the key does nothing and returns the present state.

    `epoch` may say in which epoch the key was made. Keys of commands are valid in every epoch: they name people and
    tasks by identifiers that are never issued twice.
    """

    model_config = ConfigDict(frozen=True)
    type: Annotated[str, Field(max_length=60)]
    id: FrameId
    key: UUID7 | None = None
    epoch: EpochName | None = None
    body: dict[str, Any] = {}


COMMAND_FRAME = TypeAdapter(CommandFrame)
_ID: TypeAdapter[int] = TypeAdapter(FrameId)


def frames_of_phones() -> tuple[type[BaseModel], ...]:
    """Return the frames that a phone sends besides commands, those of the apps included."""
    return (Hello, ReceiptFrame, *(kind.shape for kind in registry.frames.values()), Ping)


@cache
def known_frames() -> TypeAdapter[Any]:
    """Return the parser of all frames other than commands, those of the apps included; built once, after registration.

    One union by `type`: each frame is parsed by one call.
    """
    union: Any = Annotated[Union[frames_of_phones()], Field(discriminator="type")]  # noqa: UP007  # they are not known before
    return TypeAdapter(union)


def id_in(text: str) -> int | None:
    """Return the id of a refused frame; None when the text is not a JSON object with an id.

    The second parser accepts texts that the first rejects, above all half a character. Every frame with a readable id
    gets a reply to it; otherwise the phone would wait for its reply for ever.
    """
    for read in (pydantic_core.from_json, json.loads):
        try:
            frame = read(text)
            return _ID.validate_python(frame["id"]) if isinstance(frame, dict) and "id" in frame else None
        except (ValueError, RecursionError):
            continue
    return None


# --- what the server sends ----------------------------------------------------------------------------------------


class Joined(Shape):
    """The state of a topic. When `recovered` is false the log no longer reaches back: start from `snapshot`."""

    head: int
    recovered: bool
    snapshot: dict[str, Any] | None = None


class Reply(Shape):
    """The one answer to a command: a result or a problem."""

    reply: int
    result: Any = None


class ReplyAgain(Reply):
    """The answer to a command that its key had done before: the result is the present state."""

    replayed: Literal[True] = True


class ProblemReply(Shape):
    """The one answer to a refused frame; `reply` is null when the frame has no readable id."""

    reply: int | None
    problem: Problem


class EventFrame(Shape):
    """Something that happened in a topic. Drop it when `seq` is not greater than your cursor."""

    topic: str
    seq: int
    type: str
    at: Instant
    data: dict[str, Any]


class CaughtUpTo(Shape):
    """The replay is over: up to these numbers every event was sent, or was for others. Move the cursors there."""

    type: Literal["caught_up"] = "caught_up"
    topics: Annotated[dict[str, int], Field(examples=[{"unit.0726040125": 44, "person.23456781": 7}])]


class Heartbeat(Shape):
    """The last event of each topic that was sent to this phone; a phone that is behind has missed it and catches up.

    `through` is the number up to which every event was sent, or was for others. A phone that has the head sets its
    cursor there, never back.
    """

    type: Literal["heartbeat"] = "heartbeat"
    heads: dict[str, int]
    through: dict[str, int]
    server_time: Instant


class Pong(Shape):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    server_time: Instant


class Restarting(Shape):
    """This process will restart and closes the socket with 1012: reconnect after so many seconds, not sooner."""

    type: Literal["restarting"] = "restarting"
    retry_after_s: float


class TopicJoined(Shape):
    """You may see this topic now, and the server has joined you to it: start from the snapshot, as at `hello`."""

    type: Literal["topic.joined"] = "topic.joined"
    topic: str
    head: int
    snapshot: dict[str, Any]


class TallyFrame(Shape):
    """The present counts of a topic, which replace the earlier ones; the frame has no `seq` and is not replayed."""

    topic: str
    type: str
    data: dict[str, Any]


class ReceiptUnknown(Shape):
    """A receipt named topics that this socket has not joined: misspelled, or lost meanwhile. They have no effect."""

    type: Literal["receipt.unknown"] = "receipt.unknown"
    topics: list[str]


class TopicRevoked(Shape):
    """You may no longer see this topic; its subscription has ended."""

    type: Literal["topic.revoked"] = "topic.revoked"
    topic: str


# --- the log's message --------------------------------------------------------------------------------------------


class Audience(BaseModel):
    """The recipients of an event within a topic: people with every tag, and with one of the numbers (None: no limit).

    Hub, replay and catch-up apply the same audience, so a person who was not asked is not shown the event later.
    """

    model_config = ConfigDict(frozen=True)
    tags: list[str] | None = None
    numbers: list[int] | None = None

    @cached_property
    def stored(self) -> dict[str, Any]:
        """The audience as the log stores it and the bus carries it: many numbers are packed."""
        kept = self.model_dump(mode="json", exclude_none=True)
        if len(kept.get("numbers", ())) >= PACKED_FROM:
            kept["packed"] = pack(kept.pop("numbers"))
        return kept

    @classmethod
    def of_stored(cls, kept: Mapping[str, Any]) -> "Audience":
        """Return a stored audience; it was validated when it was made."""
        numbers = unpack(kept["packed"]) if "packed" in kept else kept.get("numbers")
        return cls.model_construct(tags=kept.get("tags"), numbers=numbers)


class _Holds(Protocol):
    """An object with an owner: a socket."""

    principal: Principal


Holder = TypeVar("Holder", bound=_Holds)


class Matcher:
    """An audience prepared for tests against thousands of people."""

    __slots__ = ("numbers", "tags")

    def __init__(self, audience: Audience) -> None:
        self.tags = frozenset(audience.tags or ())
        self.numbers = None if audience.numbers is None else frozenset(audience.numbers)

    def among(self, holders: Sequence[Holder]) -> Sequence[Holder]:
        """Return the holders of sockets for whom the event is."""
        numbers, tags = self.numbers, self.tags
        if numbers is not None:
            holders = [holder for holder in holders if holder.principal.person in numbers]
        return [holder for holder in holders if tags <= holder.principal.tags] if tags else holders

    def __call__(self, principal: Principal) -> bool:
        """Tell whether the event is for this person."""
        if self.numbers is not None and principal.person not in self.numbers:
            return False
        return self.tags <= principal.tags


@dataclass(slots=True)
class Message:
    """One event of the log, encoded once: `outgoing` is the ASGI message, `frame` the bytes on the wire."""

    topic: str
    seq: int
    text: str
    audience: Audience | None
    matcher: Matcher | None
    frame: bytes
    outgoing: dict[str, Any]
    committed_at: float | None = None
    """Unix time of the commit, if the message came by the bus."""
    epoch: str | None = None
    """The epoch of its publication, if the message came by the bus; None when it was just read from the log."""


def message_of(topic: str, seq: int, text: str, audience: Audience | None) -> Message:
    """Return a message in a form that any number of sockets can write."""
    frame = encode_frame(text)
    return Message(
        topic=topic,
        seq=seq,
        text=text,
        audience=audience,
        matcher=Matcher(audience) if audience else None,
        frame=frame,
        outgoing={"type": "websocket.send", "text": text},
    )


def encode_event(
    topic: str, seq: int, type: str, at: datetime, data: str, audience: Audience | None
) -> Message:
    """Return the message of one event; `data` is JSON already, and is not parsed again."""
    head = EventFrame(topic=topic, seq=seq, type=type, at=at, data={}).model_dump_json()
    return message_of(topic, seq, f"{head[:-3]}{data}}}", audience)


def encode_frame(text: str) -> bytes:
    """Return the bytes of a text frame, as they go on the wire."""
    return frame(TEXT, text.encode())
