"""What a phone asks of realtime: to open, to join, to catch up, to act once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pydantic
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from backend.lib.errors import NotFound, Refusal, UnknownType, require
from backend.lib.problems import invalid
from backend.lib.wire import Request
from backend.realtime import log, receipts
from backend.realtime.frames import MAX_TOPICS, CommandFrame, Joined, Message
from backend.realtime.models import CommandResult
from backend.realtime.registry import Command, Credentials, Principal, registry, snapshot_of


class TooManyTopics(Refusal):
    """A socket may join at most 200 topics; leave some first."""


class KeyMissing(Refusal):
    """A command needs a `key`: a UUIDv7 made by the client, the same again for a retry."""

    status = 422


class KeyUsedOtherwise(Refusal):
    """This key already belongs to another kind of command."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What was read for joining topics: where each stands, and the events missed since the cursors given.

    `told` is how far the phone is in each topic before the missed events: its cursor, or the head of a snapshot. Heads
    run ahead of it with events that are for others.
    """

    principal: Principal
    topics: dict[str, Joined]
    missed: list[Message]
    told: dict[str, int]


def sign_in_socket(credentials: Credentials, *, at: datetime) -> Principal:
    """Return who brings these credentials. Raises NotSignedIn or NotAllowed (revoked)."""
    assert registry.authenticate is not None, "no app has registered an authenticator"
    return registry.authenticate(credentials, at)


def open_socket(credentials: Credentials, cursors: Mapping[str, int], *, at: datetime) -> Opening:
    """Sign in and read what `hello` needs, in one go."""
    principal = sign_in_socket(credentials, at=at)
    return read_topics(principal, topics_of(principal), cursors)


def topics_of(principal: Principal) -> list[str]:
    """Return the topics that the server joins this person to."""
    names = dict.fromkeys(name for source in registry.own_topics for name in source(principal))
    return list(names)[:MAX_TOPICS]


def may_join(principal: Principal, name: str) -> bool:
    """Tell whether the topic exists for this person."""
    kind, _, id = name.partition(".")
    rule = registry.join_rules.get(kind)
    return rule is not None and bool(id) and rule(principal, id)


def read_topics(principal: Principal, names: Iterable[str], cursors: Mapping[str, int]) -> Opening:
    """Read where topics stand: the missed events where the log reaches back to the cursor, a snapshot elsewhere.

    Heads are read first, snapshots after them, so a snapshot may be newer than its head but never older: the events
    between come again, and change nothing.
    """
    wanted = list(names)
    heads = log.heads(wanted)
    recovered = {name: cursors[name] for name in wanted if _reaches_back(heads.get(name), cursors.get(name))}
    afresh = [name for name in wanted if name not in recovered]
    snapshots = {name: snapshot_of(principal, name, beside=afresh) for name in afresh}
    joined = {
        name: Joined(
            head=heads.get(name, (0, 0))[0], recovered=name in recovered, snapshot=snapshots.get(name)
        )
        for name in wanted
    }
    ranges = {
        name: (cursor, joined[name].head) for name, cursor in recovered.items() if cursor < joined[name].head
    }
    missed = [m for m in log.read(ranges) if m.matcher is None or m.matcher(principal)]
    told = {name: recovered.get(name, joined[name].head) for name in wanted}
    return Opening(principal, joined, missed, told)


def _reaches_back(stands: tuple[int, int] | None, cursor: int | None) -> bool:
    """Tell whether the log still holds what came after the cursor, and not too much of it."""
    head, trimmed_to = stands or (0, 0)
    return cursor is not None and trimmed_to <= cursor <= head and head - cursor <= log.MAX_REPLAY


def join_topic(principal: Principal, name: str, cursor: int | None) -> Opening:
    """Read one topic that a client asks for. Raises NotFound, the same for hidden and for missing ones."""
    require(may_join(principal, name), NotFound)
    return read_topics(principal, [name], {} if cursor is None else {name: cursor})


def catch_up(principal: Principal, cursors: Mapping[str, int]) -> Opening:
    """Read what a phone without a socket has missed in its own topics and in others that it names and may see."""
    own = topics_of(principal)
    others = [name for name in cursors if name not in set(own) and may_join(principal, name)]
    return read_topics(principal, [*own, *others], cursors)


def store_receipts(
    principal: Principal, delivered: Mapping[str, int], seen: Mapping[str, int], *, at: datetime
) -> None:
    """Store the receipts of a phone without a socket, for topics of its own and never beyond their heads."""
    heads = log.heads(topics_of(principal))

    def known(cursors: Mapping[str, int]) -> dict[str, int]:
        return {name: min(seq, heads[name][0]) for name, seq in cursors.items() if name in heads}

    receipts.store(receipts.pending_of(principal.person, known(delivered), known(seen)), at=at)


def run_command(principal: Principal, frame: CommandFrame, *, at: datetime) -> Any:
    """Do a registered command once per key and return its JSON-ready result.

    The act and the record of its key commit together, so a retry after a lost answer gets the first result.
    """
    command, key, body = prepare_command(frame)
    user = get_user_model().objects.select_related("volunteer").get(pk=principal.user_id)
    try:
        with transaction.atomic():
            earlier = _earlier(principal.person, key, frame.type)
            if earlier is not None:
                return earlier.result
            result = command.run(user, body, at).model_dump(mode="json")
            CommandResult.objects.create(
                person=principal.person, key=key, type=frame.type, result=result, at=at
            )
            return result
    except IntegrityError:
        # The same key was running on another socket; its result is there now.
        earlier = _earlier(principal.person, key, frame.type)
        if earlier is None:
            raise
        return earlier.result


def prepare_command(frame: CommandFrame) -> tuple[Command, UUID, Request]:
    """Return the command that a frame names, its key, and its body. Raises UnknownType, KeyMissing or Invalid."""
    command = registry.commands.get(frame.type)
    if command is None:
        raise UnknownType(f"There is no frame of type “{frame.type}”.")
    if frame.key is None:
        raise KeyMissing
    try:
        return command, frame.key, command.body.model_validate(frame.body)
    except pydantic.ValidationError as error:
        raise invalid(error, base="/body") from error


def _earlier(person: int, key: UUID, type: str) -> CommandResult | None:
    earlier = CommandResult.objects.filter(person=person, key=key).first()
    if earlier is not None and earlier.type != type:
        raise KeyUsedOtherwise
    return earlier


def lost_topics(holders: Sequence[tuple[Principal, Sequence[str]]]) -> list[list[str]]:
    """Return, for each person and the topics they have joined, those they may no longer see."""
    return [
        [name for name in set(names) - set(topics_of(principal)) if not may_join(principal, name)]
        for principal, names in holders
    ]


def read_on(opening: Opening) -> Opening:
    """Read what has come since an opening was read, for the rare case that the hub no longer has it in memory."""
    before = {name: joined.head for name, joined in opening.topics.items()}
    further = read_topics(opening.principal, before, before)
    topics = {
        name: opening.topics[name].model_copy(update={"head": joined.head})
        for name, joined in further.topics.items()
    }
    return Opening(opening.principal, topics, [*opening.missed, *further.missed], opening.told)


def scopes_of(principal: Principal) -> list[str]:
    """Return the scopes (unit paths) whose people this person may watch on the live map."""
    return registry.viewer_scopes(principal) if registry.viewer_scopes else []
