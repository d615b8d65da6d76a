"""The registry of the apps: topics, frames, commands, snapshots and sign-in.

Realtime knows no domain. Each app's `topics.py` and `commands.py` use these decorators; `autodiscover_modules` finds
them at start.
"""

import builtins
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pydantic

from backend.lib.errors import Refusal
from backend.lib.shapes import Request, Shape


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a socket. `tags` are for audiences: `skill:rescue`, `post:leader`, `adult`, `duty`."""

    person: int
    user_id: int
    session: UUID
    expires_at: datetime | None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a socket: exactly one of them is set."""

    token: str | None = None
    session_key: str | None = None


Authenticate = Callable[[Sequence[Credentials], datetime], list[Principal | Refusal]]
"""Turns credentials into principals, or refusals in their place, in a bounded number of queries."""

TagsOf = Callable[[Sequence[Principal], datetime], list[frozenset[str]]]
"""Returns people's tags at a moment, in a bounded number of queries."""

Pairs = Sequence[tuple[Principal, str]]
"""People, each with the id of a topic of one kind."""

OwnTopics = Callable[[Sequence[Principal]], list[list[str]]]
"""Returns the topics of people, all in a bounded number of queries."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command of a batch: the arguments of `run`."""

    user: Any
    body: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Command:
    """A registered act of the socket: its shapes and the function behind it.

    `read` returns the present state for repeated commands: it changes nothing, and checks the callers' rights again.
    `many`, if registered, does several commands at once. Both return a result or a refusal for each command, in order.
    """

    type: str
    body: builtins.type[Request]
    result: builtins.type[Shape]
    run: "Callable[[Any, Any, datetime], Shape]"
    read: "Callable[[Sequence[Call]], Sequence[Shape | Refusal]]"
    many: "Callable[[Sequence[Call]], Sequence[Shape | Refusal]] | None" = None


@dataclass(frozen=True, slots=True)
class SocketCommand:
    """A registered command that changes the socket and not the database: it needs no key and runs in the event loop."""

    body: builtins.type[Request]
    result: builtins.type[Shape]
    run: "Callable[[Any, Any], Awaitable[Shape]]"


@dataclass(frozen=True, slots=True)
class FrameKind:
    """A registered kind of frames from phones: its shape, its handler, and the frame that answers it.

    `salvage` returns the readable part of a refused frame.
    """

    shape: builtins.type[pydantic.BaseModel]
    run: "Callable[[Any, Any], None]"
    answer: builtins.type[Shape]
    salvage: "Callable[[str, pydantic.ValidationError], Any]"


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """The registered answer to a hello: its shape, and the function that makes it."""

    shape: builtins.type[Shape]
    make: "Callable[[Principal, Mapping[str, Any]], Shape]"


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """One part of a topic's snapshot; left out when a requested snapshot of the kind `within` contains it.

    `many` reads it for many people at once.
    """

    read: Callable[[Principal, str], Any]
    shape: builtins.type[Shape]
    within: str
    many: Callable[[Pairs], Sequence[Any]] | None = None


@dataclass(frozen=True, slots=True)
class JoinRule:
    """The rule of who may join the topics of a kind: for one person, or for many at once."""

    one: Callable[[Principal, str], bool]
    many: Callable[[Pairs], Sequence[bool]] | None = None

    def all(self, pairs: Pairs) -> Sequence[bool]:
        """Tell for each person and id whether the topic exists for that person."""
        return self.many(pairs) if self.many else [self.one(*pair) for pair in pairs]


@dataclass(frozen=True, slots=True)
class Tallied:
    """The present counts of one topic, and the topics on whose receipts they depend."""

    counts: Shape
    heard_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the topics of a kind that change by receipts; `read` takes the ids of many topics."""

    type: str
    shape: builtins.type[Shape]
    read: Callable[[Collection[str]], Mapping[str, Tallied]]


@dataclass
class Registry:
    """All registrations of the apps in this process."""

    commands: dict[str, Command] = field(default_factory=dict)
    socket_commands: dict[str, SocketCommand] = field(default_factory=dict)
    frames: dict[str, FrameKind] = field(default_factory=dict)
    sent: list[builtins.type[Shape]] = field(default_factory=list)
    closed: list[Callable[[Any], None]] = field(default_factory=list)
    join_rules: dict[str, JoinRule] = field(default_factory=dict)
    snapshots: dict[str, dict[str, "SnapshotPart"]] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    own_topics: list[OwnTopics] = field(default_factory=list)
    renewed_tags: TagsOf | None = None
    forgets: list[Callable[[], None]] = field(default_factory=list)
    authenticate: Authenticate | None = None
    principal_of: Callable[[Any], Principal] | None = None
    person_of: Callable[[Any], int] | None = None
    actors: Callable[[Collection[int]], Mapping[int, Any]] | None = None
    hello_answer: HelloAnswer | None = None
    deletions: list[Callable[[str, int, datetime], None]] = field(default_factory=list)


registry = Registry()


def command(
    type: str,
    *,
    body: type[Request],
    result: type[Shape],
    read: Callable[[Sequence[Call]], Sequence[Shape | Refusal]],
    many: Callable[[Sequence[Call]], Sequence[Shape | Refusal]] | None = None,
) -> Callable[..., Any]:
    """Register `run(user, body, at) -> result` as the socket command `type`; its docstring is its documentation.

    It runs in a worker thread, in one transaction with the record of its key. `read` returns the present state for
    repeated commands. With `many`, the commands that reach a process at about the same time run together in one
    transaction: it returns a result or a refusal for each, and leaves no effect of a refused command. An exception
    rolls the whole batch back.
    """

    def register(run: Callable[[Any, Any, datetime], Shape]) -> Callable[[Any, Any, datetime], Shape]:
        registry.commands[type] = Command(type, body, result, run, read, many)
        return run

    return register


def socket_command(type: str, *, body: type[Request], result: type[Shape]) -> Callable[..., Any]:
    """Register `async run(connection, body) -> result` as the socket command `type`, which has no key.

    It runs in the event loop of the socket and must not block it. Its docstring is its documentation.
    """

    def register(run: Callable[[Any, Any], Awaitable[Shape]]) -> Callable[[Any, Any], Awaitable[Shape]]:
        registry.socket_commands[type] = SocketCommand(body, result, run)
        return run

    return register


def frame(
    shape: builtins.type[pydantic.BaseModel],
    *,
    answer: builtins.type[Shape],
    salvage: Callable[[str, pydantic.ValidationError], Any],
) -> Callable[..., Any]:
    """Register `run(connection, frame)` for the frames of a shape; the default of its `type` names the kind.

    It runs in the event loop and must not block it; it answers by itself, with a frame of the shape `answer`.
    `salvage(text, error)` returns an argument for `run` from a refused frame, or None if the frame is of no use.
    Frames of a registered kind are frequent: they are parsed once, without the checks for free text. So the shape may
    hold no free text. The docstrings of both shapes are their documentation.
    """

    def register(run: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        kind = FrameKind(shape, run, answer, salvage)
        registry.frames[str(shape.model_fields["type"].default)] = kind
        return run

    return register


def sends(*shapes: builtins.type[Shape]) -> None:
    """Register frames that an app sends to sockets by itself, for the documents."""
    registry.sent.extend(shapes)


def on_close(forget: Callable[[Any], None]) -> Callable[[Any], None]:
    """Register `forget(connection)`: called in the event loop when a signed-in socket has closed."""
    registry.closed.append(forget)
    return forget


def topic(kind: str, *, many: Callable[[Pairs], Sequence[bool]] | None = None) -> Callable[..., Any]:
    """Register `may_join(principal, id) -> bool` as the rule for joining topics `<kind>.<id>`. Runs in a thread.

    `many` answers for many people in a bounded number of queries: the move of a unit concerns thousands.
    """

    def register(rule: Callable[[Principal, str], bool]) -> Callable[[Principal, str], bool]:
        registry.join_rules[kind] = JoinRule(rule, many)
        return rule

    return register


def snapshot(
    kind: str,
    part: str,
    *,
    shape: builtins.type[Shape],
    within: str = "",
    many: Callable[[Pairs], Sequence[Any]] | None = None,
) -> Callable[..., Any]:
    """Register `read(principal, id) -> JSON of shape` as one part of the snapshot of topics `<kind>.<id>`.

    `within` names a kind of topics whose snapshot contains this part: it is left out when both are requested. `many`
    reads it for many people in a bounded number of queries, provided that the part is empty for most of them.
    """

    def register(read: Callable[[Principal, str], Any]) -> Callable[[Principal, str], Any]:
        registry.snapshots.setdefault(kind, {})[part] = SnapshotPart(read, shape, within, many)
        return read

    return register


def tally(kind: str, *, type: str, shape: builtins.type[Shape]) -> Callable[..., Any]:
    """Register `read(ids) -> {id: Tallied}` as the counts of topics `<kind>.<id>`, sent in frames of type `type`.

    People who join such a topic get its counts at once. They get them again after receipts or an event of the topic
    have changed them, at most twice a second. Runs in a thread; its docstring is the documentation of the frame.
    """

    def register(
        read: Callable[[Collection[str]], Mapping[str, Tallied]],
    ) -> Callable[[Collection[str]], Mapping[str, Tallied]]:
        registry.tallies[kind] = Tally(type, shape, read)
        return read

    return register


def own_topics(names: OwnTopics) -> OwnTopics:
    """Register a source of the topics that the server itself joins phones to."""
    registry.own_topics.append(names)
    return names


def renewed_tags(tags: TagsOf) -> TagsOf:
    """Register a function for people's present tags: those of a socket date from its hello, or from the last change."""
    registry.renewed_tags = tags
    return tags


def forgets(forget: Callable[[], None]) -> Callable[[], None]:
    """Register a function that clears an app's cache of who sees what: called when access has changed."""
    registry.forgets.append(forget)
    return forget


def authenticator(check: Authenticate) -> Authenticate:
    """Register the one function that turns credentials into principals; its refusals are NotSignedIn and NotAllowed."""
    registry.authenticate = check
    return check


def principal_of(read: Callable[[Any], Principal]) -> Callable[[Any], Principal]:
    """Register how the user of a REST request becomes a principal; it raises NotFound for a user without a number."""
    registry.principal_of = read
    return read


def person_of(read: Callable[[Any], int]) -> Callable[[Any], int]:
    """Register the number under which the user of a REST request keeps keys of acts; without a query."""
    registry.person_of = read
    return read


def actors(
    read: Callable[[Collection[int]], Mapping[int, Any]],
) -> Callable[[Collection[int]], Mapping[int, Any]]:
    """Register `read(user ids) -> {id: user}`: the users with all data that commands need; one query."""
    registry.actors = read
    return read


def answers_hello(shape: builtins.type[Shape]) -> Callable[..., Any]:
    """Register `make(principal, opened) -> shape` as the answer to `hello`.

    `opened` holds realtime's members of the shape: `epoch`, `topics`, `unknown`, `heartbeat_s` and `server_time`. The
    function runs in the event loop.
    """

    def register(make: Callable[[Principal, Mapping[str, Any]], Shape]) -> Callable[..., Shape]:
        registry.hello_answer = HelloAnswer(shape, make)
        return make

    return register


def deletions(note: Callable[[str, int, datetime], None]) -> Callable[[str, int, datetime], None]:
    """Register `note(kind, count, at)`: called when the clock has deleted expired rows."""
    registry.deletions.append(note)
    return note


def users_acting(ids: Collection[int]) -> Mapping[int, Any]:
    """Return users by their keys; one query."""
    assert registry.actors is not None, "no app has registered who acts"
    return registry.actors(ids)


def person_behind(user: Any) -> int:
    """Return the number under which the user of a REST request keeps the keys of acts."""
    assert registry.person_of is not None, "no app has registered under which number a user acts"
    return registry.person_of(user)


def principal_behind(user: Any) -> Principal:
    """Return the principal of the user of a REST request. Raises what the registered function raises."""
    assert registry.principal_of is not None, "no app has registered who the user of a request is"
    return registry.principal_of(user)


def may_join_all(pairs: Pairs) -> list[bool]:
    """Tell for people, each with the name of a topic, whether it exists for them; one kind after another."""
    allowed = [False] * len(pairs)
    for kind, places in _by_kind(pairs).items():
        if (rule := registry.join_rules.get(kind)) is None:
            continue
        named = [(place, pairs[place][0], pairs[place][1].partition(".")[2]) for place in places]
        asked = [(place, principal, id) for place, principal, id in named if id]
        answers = rule.all([(principal, id) for _, principal, id in asked])
        for (place, _, _), may in zip(asked, answers, strict=True):
            allowed[place] = may
    return allowed


def snapshots_of_all(pairs: Pairs) -> list[dict[str, pydantic.JsonValue]]:
    """Return the snapshots of topics, each with the person who joins it; one kind after another."""
    found: list[dict[str, pydantic.JsonValue]] = [{} for _ in pairs]
    for kind, places in _by_kind(pairs).items():
        ids = [(pairs[place][0], pairs[place][1].partition(".")[2]) for place in places]
        for name, part in registry.snapshots.get(kind, {}).items():
            values = part.many(ids) if part.many else [part.read(*one) for one in ids]
            for place, value in zip(places, values, strict=True):
                found[place][name] = value
    return found


def _by_kind(pairs: Pairs) -> dict[str, list[int]]:
    """Return the indexes of the topics of each kind."""
    places: dict[str, list[int]] = {}
    for place, (_, name) in enumerate(pairs):
        places.setdefault(name.partition(".")[0], []).append(place)
    return places


def snapshot_of(
    principal: Principal, name: str, *, beside: Iterable[str] = ()
) -> dict[str, pydantic.JsonValue]:
    """Return the snapshot of a topic: all parts of its kind, except those that snapshots `beside` it contain."""
    kind, _, id = name.partition(".")
    kinds = {other.partition(".")[0] for other in beside}
    parts = registry.snapshots.get(kind, {})
    return {name: part.read(principal, id) for name, part in parts.items() if part.within not in kinds}
