"""Compares what phones were shown with what they should have been shown: the verdict of every simulation.

Plain functions without a database or a network, so that the judge itself can be tested.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.journal import Journal, Stream

MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event of the log as stored; `numbers` is None when it is for everyone in the topic."""

    seq: int
    type: str
    numbers: frozenset[int] | None = None
    tags: frozenset[str] = frozenset()

    def is_for(self, number: int, tags: Collection[str]) -> bool:
        """Tell whether a person is among those the event is for."""
        return (self.numbers is None or number in self.numbers) and self.tags <= set(tags)


def stream_faults(stream: Stream, rows: Sequence[LogRow], *, number: int, tags: Collection[str]) -> list[str]:
    """Return how one topic on one phone differs from the log: lost, doubled, out of order, or foreign."""
    want = [(row.seq, row.type) for row in rows if row.seq > stream.start and row.is_for(number, tags)]
    got = [(shown.seq, shown.type) for shown in stream.shown]
    faults = [f"jumped over {after}…{head} by a snapshot" for after, head in stream.jumps]
    if got == want:
        return faults
    seqs = [seq for seq, _ in got]
    if doubled := [seq for seq, times in Counter(seqs).items() if times > 1]:
        faults.append(f"shown twice: {_some(doubled)}")
    if seqs != sorted(seqs):
        faults.append(f"out of order: {_some(seqs)}")
    if lost := sorted(set(want) - set(got)):
        faults.append(f"lost: {_some(lost)}")
    if foreign := sorted(set(got) - set(want)):
        faults.append(f"not for this person: {_some(foreign)}")
    return faults


def journal_faults(
    journal: Journal,
    log: Mapping[str, Sequence[LogRow]],
    *,
    number: int,
    tags: Collection[str] = (),
    own: Collection[str] | None = None,
) -> list[str]:
    """Return every fault of one phone. `own` are the topics it belongs in; None leaves that unchecked."""
    faults = [f"{number:08d} {topic}: an event of a topic it had not joined" for topic in journal.foreign]
    for topic, stream in journal.streams.items():
        if own is not None and topic not in own:
            faults.append(f"{number:08d} {topic}: joined, but does not belong there")
        found = stream_faults(stream, log.get(topic, ()), number=number, tags=tags)
        faults += [f"{number:08d} {topic}: {fault}" for fault in found]
    if own is not None:
        faults += [f"{number:08d} {topic}: never joined" for topic in sorted(set(own) - set(journal.streams))]
    return faults


def recipient_faults(expected: Collection[int], told: Mapping[int, int]) -> list[str]:
    """Return who should have been told of a task and was not, who was and should not, and who was told twice.

    `told` counts for each phone how often its person was shown the task.
    """
    reached = {number for number, times in told.items() if times}
    twice = [number for number, times in told.items() if times > 1]
    return [
        *_group("should have got the task and did not", set(expected) - reached),
        *_group("got the task and should not have", reached - set(expected)),
        *_group("got the task more than once", twice),
    ]


def count_faults(progress: Mapping[str, int], outcomes: Iterable[str], *, headcount: int) -> list[str]:
    """Return where the leader's counts differ from what phones were answered, and a headcount exceeded."""
    counted = Counter(outcomes)
    takers = counted["accepted"] + counted["reserve"]
    want = {
        "accepted": min(takers, headcount),
        "reserve": max(0, takers - headcount),
        "declined": counted["declined"],
    }
    faults = [
        f"the leader counts {progress[state]} {state}, it must be {number}"
        for state, number in want.items()
        if progress[state] != number
    ]
    if counted["accepted"] > headcount:
        faults.append(f"{counted['accepted']} people were told they are in; the headcount is {headcount}")
    other = {outcome: n for outcome, n in counted.items() if outcome not in want}
    return [*faults, *(f"{n} answers were met by {outcome}" for outcome, n in sorted(other.items()))]


def tags_of(me: Mapping[str, Any]) -> set[str]:
    """Return what audiences may ask of a person, from their own profile."""
    return {f"skill:{code}" for code in me.get("skills", ())} | {
        f"post:{post['role']}" for post in me.get("posts", ())
    }


def _group(what: str, numbers: Collection[int]) -> list[str]:
    if not numbers:
        return []
    return [f"{len(numbers)} {what}: {_some([f'{number:08d}' for number in sorted(numbers)])}"]


def _some(items: Sequence[Any]) -> str:
    named = ", ".join(str(item) for item in items[:MAX_NAMED])
    return named if len(items) <= MAX_NAMED else f"{named} … ({len(items)})"
