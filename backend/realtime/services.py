"""A phone's requests to realtime: open, join, catch up, act once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import pydantic
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.lib.errors import NOT_UNDERSTOOD, NotFound, Refusal, UnknownType, require
from backend.lib.problems import invalid
from backend.lib.shapes import Request, Shape, read_members
from backend.realtime import keys
from backend.realtime.frames import MAX_TOPICS, CommandFrame, Joined, Message
from backend.realtime.log import epochs, event_log, receipts
from backend.realtime.registry import (
    Call,
    Command,
    Credentials,
    Principal,
    may_join_all,
    registry,
    snapshot_of,
    users_acting,
)


class TooManyTopics(Refusal):
    """A socket may join at most 200 topics; leave some first."""

    slug = "too-many-topics"
    text = _("You follow too many units and tasks at once. Close some of them first.")


class KeyMissing(Refusal):
    """A command needs a `key`: a UUIDv7 made by the client, the same again for a retry."""

    status = 422
    slug = "key-missing"
    text = NOT_UNDERSTOOD


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command, ready for JSON; `replayed` when its key had done it before."""

    result: Any
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """The data for joining topics: the state of each topic, and the events missed since the given cursors.

    `told` is how far the phone is in each topic before the missed events: its cursor, or the head of a snapshot. The
    heads are ahead of it where events are for others.
    """

    principal: Principal
    epoch: str
    topics: dict[str, Joined]
    missed: list[Message]
    told: dict[str, int]
    unknown: Sequence[str] = ()

    def without(self, names: Collection[str]) -> "Opening":
        """Return the opening without topics that were joined meanwhile; for an opening that starts with snapshots."""
        topics = {name: joined for name, joined in self.topics.items() if name not in names}
        told = {name: joined.head for name, joined in topics.items()}
        return Opening(self.principal, self.epoch, topics, [], told)

    @property
    def afresh(self) -> list[str]:
        """The topics that start with a snapshot."""
        return [name for name, joined in self.topics.items() if not joined.recovered]


NOWHERE: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Reached:
    """A phone's cursor in each topic, and the epoch of the log that they belong to; in another epoch they are void."""

    epoch: str | None = None
    cursors: Mapping[str, int] = field(default_factory=dict)

    def now(self, epoch: str) -> Mapping[str, int]:
        """Return the cursors that are valid in an epoch."""
        return self.cursors if self.epoch == epoch else NOWHERE


@dataclass(frozen=True, slots=True)
class Reading:
    """Topics that one person wants to join, the person's cursors in them, and unknown topics that were named."""

    principal: Principal
    names: Sequence[str]
    reached: Reached = Reached()
    unknown: Sequence[str] = ()


def sign_in_sockets(credentials: Sequence[Credentials], *, at: datetime) -> list[Principal | Refusal]:
    """Return the people with these credentials; a refusal is NotSignedIn or NotAllowed (revoked)."""
    assert registry.authenticate is not None, "no app has registered an authenticator"
    return registry.authenticate(credentials, at)


def sign_in_socket(credentials: Credentials, *, at: datetime) -> Principal:
    """Return the person with these credentials. Raises NotSignedIn or NotAllowed (revoked)."""
    return _given(sign_in_sockets([credentials], at=at)[0])


def open_sockets(arrivals: Sequence[tuple[Credentials, Reached]], *, at: datetime) -> list[Opening | Refusal]:
    """Sign in all phones that say hello at this moment, and read what they missed: few queries for any number.

    Snapshots are left out; a caller that needs them calls `with_snapshots`.
    """
    signed_in = sign_in_sockets([credentials for credentials, _ in arrivals], at=at)
    principals = [one for one in signed_in if isinstance(one, Principal)]
    reached = [
        reached for one, (_, reached) in zip(signed_in, arrivals, strict=True) if isinstance(one, Principal)
    ]
    own = topics_of_all(principals)
    unknown = _unknown(principals, own, reached)
    openings = iter(read_all(list(map(Reading, principals, own, reached, unknown))))
    return [next(openings) if isinstance(one, Principal) else one for one in signed_in]


def _unknown(
    principals: Sequence[Principal], own: Sequence[Sequence[str]], reached: Sequence[Reached]
) -> list[list[str]]:
    """Return the named topics that are neither a person's own nor joinable by that person; mostly no query."""
    others = [
        (place, name)
        for place, (theirs, one) in enumerate(zip(own, reached, strict=True))
        for name in one.cursors
        if name not in theirs
    ]
    unknown: list[list[str]] = [[] for _ in principals]
    allowed = may_join_all([(principals[place], name) for place, name in others]) if others else []
    for (place, name), may in zip(others, allowed, strict=True):
        if not may:
            unknown[place].append(name)
    return unknown


def _given(found: Principal | Refusal) -> Principal:
    if isinstance(found, Refusal):
        raise found
    return found


def topics_of_all(principals: Sequence[Principal]) -> list[list[str]]:
    """Return the topics that the server joins each of these people to."""
    if not principals:
        return []
    found = [source(principals) for source in registry.own_topics]
    return [
        list(dict.fromkeys(name for names in of_one for name in names))[:MAX_TOPICS]
        for of_one in zip(*found, strict=True)
    ]


def topics_of(principal: Principal) -> list[str]:
    """Return the topics that the server joins this person to."""
    return topics_of_all([principal])[0]


def may_join(principal: Principal, name: str) -> bool:
    """Tell whether the topic exists for this person."""
    return may_join_all([(principal, name)])[0]


def read_topics(reading: Reading) -> Opening:
    """Read the state of topics for one person, with snapshots."""
    return with_snapshots(read_all([reading])[0])


def read_all(readings: Sequence[Reading]) -> list[Opening]:
    """Read the state of topics for many people: the missed events where the log reaches back to the cursor.

    Each topic is read once, from the lowest cursor, for any number of people. Its events are the same objects for all
    of them.
    """
    heads, epoch = event_log.heads_in_epoch({name for reading in readings for name in reading.names})
    recovered = [_recovered(reading, reading.reached.now(epoch), heads) for reading in readings]
    events = event_log.read_topics(_ranges(recovered, heads))
    return [
        _opening(reading, epoch, cursors, heads, events)
        for reading, cursors in zip(readings, recovered, strict=True)
    ]


def _recovered(
    reading: Reading, cursors: Mapping[str, int], heads: Mapping[str, tuple[int, int]]
) -> dict[str, int]:
    """Return the cursors that the log reaches back to; a phone that missed too much gets a snapshot instead."""
    found: dict[str, int] = {}
    left = event_log.MAX_REPLAY_OF_ALL
    for name in reading.names:
        head, trimmed_to = heads.get(name, (0, 0))
        cursor = cursors.get(name)
        if cursor is None or not trimmed_to <= cursor <= head:
            continue
        if head - cursor <= min(event_log.MAX_REPLAY, left):
            found[name] = cursor
            left -= head - cursor
    return found


def _ranges(
    recovered: Iterable[Mapping[str, int]], heads: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Return the range to read of each topic: from the lowest cursor to the head."""
    lowest: dict[str, int] = {}
    for cursors in recovered:
        for name, cursor in cursors.items():
            if cursor < lowest.get(name, heads.get(name, (0, 0))[0]):
                lowest[name] = cursor
    return {name: (cursor, heads[name][0]) for name, cursor in lowest.items()}


def _opening(
    reading: Reading,
    epoch: str,
    cursors: Mapping[str, int],
    heads: Mapping[str, tuple[int, int]],
    events: Mapping[str, list[Message]],
) -> Opening:
    principal = reading.principal
    standing = {name: heads.get(name, (0, 0))[0] for name in reading.names}
    missed = [
        message
        for name, cursor in cursors.items()
        if cursor < standing[name]
        for message in event_log.after(events.get(name, []), cursor)
        if message.matcher is None or message.matcher(principal)
    ]
    return Opening(
        principal,
        epoch,
        {name: _joined(head, name in cursors) for name, head in standing.items()},
        missed,
        {name: cursors.get(name, head) for name, head in standing.items()},
        reading.unknown,
    )


@lru_cache(maxsize=10_000)
def _joined(head: int, recovered: bool) -> Joined:
    """Return the state of a topic without its snapshot; most phones of a unit share the object."""
    return Joined(head=head, recovered=recovered)


def with_snapshots(opening: Opening) -> Opening:
    """Add the snapshots of the topics that start with one.

    Heads were read before, so a snapshot may be newer than its head but never older. The events between are sent
    again, and change nothing.
    """
    afresh = opening.afresh
    if not afresh:
        return opening
    topics = dict(opening.topics)
    for name in afresh:
        snapshot = snapshot_of(opening.principal, name, beside=afresh)
        topics[name] = topics[name].model_copy(update={"snapshot": snapshot})
    return replace(opening, topics=topics)


def join_topic(principal: Principal, name: str, reached: Reached) -> Opening:
    """Read one topic that a client wants to join. Raises NotFound, the same for hidden and for missing topics."""
    require(may_join(principal, name), NotFound)
    return read_topics(Reading(principal, [name], reached))


def catch_up(principal: Principal, reached: Reached) -> Opening:
    """Read the missed events for a phone without a socket: in its own topics, and in named ones that it may see."""
    own = topics_of(principal)
    (unknown,) = _unknown([principal], [own], [reached])
    others = [name for name in reached.cursors if name not in own and name not in unknown]
    return read_topics(Reading(principal, [*own, *others], reached, unknown))


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of a receipt: the epoch of the log, and the unknown topics that it named."""

    epoch: str
    unknown: list[str]


def store_receipts(principal: Principal, delivered: Reached, seen: Reached, *, at: datetime) -> Taken:
    """Store the receipts of a phone without a socket, for topics that it may see and never beyond their heads.

    Receipts of another epoch are void.
    """
    epoch = epochs.current()
    named = Reached(None, {**delivered.cursors, **seen.cursors})
    (unknown,) = _unknown([principal], [topics_of(principal)], [named])
    heads = event_log.heads([name for name in named.cursors if name not in unknown])

    def known(reached: Reached) -> dict[str, int]:
        return {name: min(seq, heads[name][0]) for name, seq in reached.now(epoch).items() if name in heads}

    pending = receipts.pending_of(principal.person, known(delivered), known(seen))
    receipts.store(pending, epoch=epoch, at=at)
    return Taken(epoch, unknown)


def run_command(principal: Principal, frame: CommandFrame, *, at: datetime) -> Outcome:
    """Do a registered command once per key.

    The act and the record of its key commit together. So a retry after a lost answer does nothing, and returns the
    present state.
    """
    command, wanted, body = prepare_command(principal, frame)
    user = users_acting([principal.user_id])[principal.user_id]
    with transaction.atomic():
        if keys.claim(wanted, at=at).is_new:
            return Outcome(command.run(user, body, at).model_dump(mode="json"))
    (standing,) = read_again(command, [Call(user, body, at)])
    if isinstance(standing, Refusal):
        raise standing
    return standing


def read_again(command: Command, calls: Sequence[Call]) -> list[Outcome | Refusal]:
    """Return the present state for repeated commands."""
    return [outcome_of(one, replayed=True) for one in command.read(calls)]


def outcome_of(result: Shape | Refusal, *, replayed: bool = False) -> Outcome | Refusal:
    """Return the result of a command, or its refusal."""
    if isinstance(result, Refusal):
        return result
    return Outcome(result.model_dump(mode="json"), replayed)


def prepare_command(principal: Principal, frame: CommandFrame) -> tuple[Command, keys.Asked, Request]:
    """Return the command that a frame names, its request under a key, and its body.

    Raises UnknownType, KeyMissing or Invalid.
    """
    command = registry.commands.get(frame.type)
    if command is None:
        raise UnknownType(f"There is no frame of type “{frame.type}”.")
    if frame.key is None:
        raise KeyMissing
    try:
        body = read_members(command.body, frame.body)
    except pydantic.ValidationError as error:
        raise invalid(error, base="/body") from error
    return command, keys.asked(principal.person, frame.key, frame.type, body), body


def read_on(opening: Opening) -> Opening:
    """Read the events since an opening was read, for the rare case that the hub no longer has them in memory."""
    before = {name: joined.head for name, joined in opening.topics.items()}
    further = read_topics(Reading(opening.principal, list(before), Reached(opening.epoch, before)))
    topics = {
        name: opening.topics[name].model_copy(update={"head": joined.head})
        for name, joined in further.topics.items()
    }
    return replace(opening, epoch=further.epoch, topics=topics, missed=[*opening.missed, *further.missed])
