"""Compares the topics that sockets hold with those that their people are to have now."""

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
    """How it stands with a socket: its person's tags and own topics, those that are lost, and those gained."""

    tags: frozenset[str]
    own: Collection[str]
    lost: list[str]
    gained: Opening


def review(holdings: Sequence[Holding]) -> list[Reviewed]:
    """Return what has changed for each of some hundreds of sockets: few queries, however many they are.

    Topics that a socket has joined by itself stay as long as its person may see them.
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
    """Return what each may no longer see of what it holds; what is its person's own is not asked about."""
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
    """Add the snapshots of all topics of all openings, of one kind of topics after the other."""
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
