"""The verdict of every simulation: compares what phones were shown with what they should have been shown.

Plain functions without a database or a network, so that the checker itself can be tested.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.journal import Journal, Stream

MAX_NAMED = 5
REPLAYED = 1_000
"""Events of a topic that are replayed to a phone, as documented: only a phone further behind may get a snapshot."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event of the log as stored; `numbers` is None when it is for everyone in the topic."""

    seq: int
    type: str
    numbers: frozenset[int] | None = None
    tags: frozenset[str] = frozenset()

    def is_for(self, number: int, tags: Collection[str]) -> bool:
        """Tell whether a person is in the event's audience."""
        return (self.numbers is None or number in self.numbers) and self.tags <= set(tags)


def stream_faults(stream: Stream, rows: Sequence[LogRow], *, number: int, tags: Collection[str]) -> list[str]:
    """Return how one topic on one phone differs from the log: lost, doubled, out of order, or foreign events."""
    far = [(after, head) for after, head in stream.jumps if head - after > REPLAYED]
    want = [
        (row.seq, row.type)
        for row in rows
        if row.seq > stream.start
        and row.is_for(number, tags)
        and not any(after < row.seq <= head for after, head in far)
    ]
    got = [(shown.seq, shown.type) for shown in stream.shown]
    jumps = [jump for jump in stream.jumps if jump not in far]
    faults = [f"jumped over {after}…{head} by a snapshot" for after, head in jumps]
    if stream.late:
        faults.append(f"came after a later one: {_some(stream.late)}")
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
    """Return every fault of one phone. `own` are the topics of its person; None skips that check."""
    faults = [f"{number:08d} {topic}: an event of a topic it had not joined" for topic in journal.foreign]
    if own is not None:
        faults += [f"{number:08d} {topic}: taken away" for topic in journal.ended if topic in own]
    for topic, stream in journal.streams.items():
        if own is not None and topic not in own:
            faults.append(f"{number:08d} {topic}: joined, but does not belong there")
        found = stream_faults(stream, log.get(topic, ()), number=number, tags=tags)
        faults += [f"{number:08d} {topic}: {fault}" for fault in found]
    if own is not None:
        faults += [f"{number:08d} {topic}: never joined" for topic in sorted(set(own) - set(journal.streams))]
    return faults


def log_faults(
    log: Mapping[str, Sequence[LogRow]], starts: Mapping[str, int], heads: Mapping[str, int]
) -> list[str]:
    """Return the gaps of the log itself: a topic's events follow `starts` one by one, up to its head."""
    faults = []
    for topic, head in heads.items():
        seqs = [row.seq for row in log.get(topic, ())]
        want = list(range(starts.get(topic, 0) + 1, head + 1))
        if seqs != want:
            wrong = sorted(set(want).symmetric_difference(seqs)) or seqs
            faults.append(f"{topic}: the log is not gapless up to {head}: {_some(wrong)}")
    return faults


def key_faults(replies: Iterable[tuple[str, Any]], done: Collection[str]) -> list[str]:
    """Return the command keys that were answered although no act was done under them.

    `replies` are all results that phones got, each with its key; `done` are the keys that are stored with their act. A
    repeated key gets the state of its time, so two replies to one key may differ.
    """
    return [
        f"key {key}: answered {result}, but nothing was done" for key, result in replies if key not in done
    ]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as stored: `accepted` is its own count, `places` the number of accepted assignments.

    `called` and `cancelled` are its events in the unit's topic.
    """

    id: str
    status: str
    headcount: int
    accepted: int
    places: int
    called: int
    cancelled: int


def task_faults(row: TaskRow | None, *, id: str, called: bool, cancelled: bool) -> list[str]:
    """Return the faults of one task that the leader was told was `called` or `cancelled`."""
    if row is None:
        return [f"task {id}: confirmed, but it is not there"] if called else []
    checks = {
        f"{row.places} people have a place, the headcount is {row.headcount}": row.places > row.headcount,
        f"counts {row.accepted} accepted, {row.places} have a place": row.places != row.accepted,
        f"told to the unit {row.called} times": row.called > 1 or (called and row.called != 1),
        f"called off {row.cancelled} times": row.cancelled > 1 or (cancelled and row.cancelled != 1),
        f"is {row.status} after its cancellation was confirmed": cancelled and row.status != "cancelled",
    }
    return [f"task {id}: {fault}" for fault, wrong in checks.items() if wrong]


LATER = {
    "accepted": {"accepted", "withdrawn"},
    "reserve": {"reserve", "accepted", "withdrawn"},
    "declined": {"declined"},
}
"""The stored statuses that are right for an answer: a reserve may move up, a cancelled task withdraws all."""


def answer_faults(
    outcomes: Iterable[tuple[int, str, str]], stored: Mapping[tuple[int, str], str]
) -> list[str]:
    """Return people whose stored answer differs from the told one. `outcomes` are (number, task, status told)."""
    return [
        f"{number:08d} was told {told} for task {task}; it is {stored.get((number, task))}"
        for number, task, told in outcomes
        if told in LATER and stored.get((number, task)) not in LATER[told]
    ]


def recipient_faults(expected: Collection[int], told: Mapping[int, int]) -> list[str]:
    """Return the people who were not told of a task and should have been, were told wrongly, or were told twice.

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
    """Return where the leader's counts differ from the answers to phones, and a headcount that was exceeded."""
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
    """Return a person's tags for audiences, from their own profile."""
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
