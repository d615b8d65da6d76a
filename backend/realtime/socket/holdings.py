"""Compares the topics of sockets with the topics that their people are entitled to now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from backend.lib.clock import now
from backend.realtime.registry import Principal, may_join_all, registry, snapshots_of_all
from backend.realtime.services import Opening, Reading, read_all, topics_of_all


@dataclass(frozen=True, slots=True)
class Holding:
    """One socket: its person, and the topics it has joined."""

    principal: Principal
    topics: Collection[str]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The result for one socket: its person's tags and own topics, the lost topics, and the gained ones."""

    tags: frozenset[str]
    own: Collection[str]
    lost: list[str]
    gained: Opening


def review(holdings: Sequence[Holding]) -> list[Reviewed]:
    """Return the changes for each of some hundreds of sockets: few queries for any number.

    Topics that a socket has joined itself stay as long as its person may see them.
    """
    if not holdings:
        return []
    principals = _renewed([holding.principal for holding in holdings])
    own = topics_of_all(principals)
    lost = _lost(holdings, own)
    gained = [
        Reading(principal, [name for name in theirs if name not in holding.topics])
        for holding, principal, theirs in zip(holdings, principals, own, strict=True)
    ]
    openings = _with_snapshots(read_all(gained))
    return [
        Reviewed(principal.tags, theirs, names, opening)
        for principal, theirs, names, opening in zip(principals, own, lost, openings, strict=True)
    ]


def _renewed(principals: Sequence[Principal]) -> list[Principal]:
    assert registry.renewed_tags is not None, "no app has registered what people's tags are"
    tags = registry.renewed_tags(principals, now())
    return [replace(principal, tags=now) for principal, now in zip(principals, tags, strict=True)]


def _lost(holdings: Sequence[Holding], own: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the held topics that each person may no longer see; the person's own topics need no check."""
    doubtful = [
        (index, name)
        for index, (holding, theirs) in enumerate(zip(holdings, own, strict=True))
        for name in holding.topics
        if name not in theirs
    ]
    allowed = may_join_all([(holdings[index].principal, name) for index, name in doubtful])
    lost: list[list[str]] = [[] for _ in holdings]
    for (index, name), may in zip(doubtful, allowed, strict=True):
        if not may:
            lost[index].append(name)
    return lost


def _with_snapshots(openings: Sequence[Opening]) -> list[Opening]:
    """Add the snapshots of all topics of all openings, one kind of topics after another."""
    wanted = [(opening.principal, name) for opening in openings for name in opening.topics]
    found = iter(snapshots_of_all(wanted))
    return [
        replace(
            opening,
            topics={
                name: joined.model_copy(update={"snapshot": next(found)})
                for name, joined in opening.topics.items()
            },
        )
        for opening in openings
    ]
