"""Proves the chain: every row is unchanged, at its place, under heads that the key signed.

It reads a book once from front to back, from the database or an exported file, and needs only public keys. It stops at
the first fault: all later rows are without proof.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from backend.audit.chain import REFUSED, Line, SignedHead, next_link, opening_link
from backend.audit.keys import PublicKeys, is_signed

WITNESS = re.compile(r"audit head (\d+) (\d{4}-\d\d-\d\d) count (\d+) digest ([0-9a-f]{64})")
"""A head as the clock logs it, with any text around it."""
REMARKABLE = {"audit.refused", "audit.put_back"}
"""Acts by which the clock itself records that rows were forged or the database restored."""


Item = Line | SignedHead
Progress = Callable[[Iterator[Item]], Iterable[Item]]


class Book(Protocol):
    """A source of an audit."""

    @property
    def before(self) -> SignedHead | None:
        """The head before the first one of the book; None for a book that begins with the first head of all."""

    def items(self) -> Iterator[Line | SignedHead]:
        """Yield rows in the order of the chain, and each head after its rows."""

    def lines_of(self, day: str) -> list[Line]:
        """Return all rows of one day."""

    def heads_of(self, day: str) -> list[SignedHead]:
        """Return all heads of one day."""

    def outside(self) -> Iterator[Line]:
        """Yield the rows without a place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first fault: a row changed, removed, inserted or swapped, and its place."""

    kind: str
    text: str
    row: int | None = None


@dataclass(slots=True)
class Verdict:
    """The extent of the proof, up to the end or the first finding."""

    rows: int = 0
    heads: int = 0
    days: int = 0
    waiting: int = 0
    waiting_since: str = ""
    late: int = 0
    before: SignedHead | None = None
    last: SignedHead | None = None
    finding: Finding | None = None
    remarks: list[str] = field(default_factory=list)


class _Wrong(Exception):
    """Ends the reading with a finding."""

    def __init__(self, kind: str, text: str, row: int | None = None) -> None:
        self.finding = Finding(kind, text, row)
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Witness:
    """A head that was also stored elsewhere."""

    number: int
    day: str
    count: int
    digest: str


def read_witnesses(lines: Iterable[str]) -> set[Witness]:
    """Return the heads in the lines of a log; other lines are ignored.

    A restored chain logs the same numbers twice: both heads are returned.
    """
    matches = (WITNESS.search(line) for line in lines)
    return {Witness(int(one[1]), one[2], int(one[3]), one[4]) for one in matches if one}


def verify(
    book: Book,
    keys: PublicKeys,
    *,
    witnesses: Collection[Witness] = (),
    is_sealed: Callable[[Line], bool] | None = None,
    progress: Progress = lambda items: items,
) -> Verdict:
    """Return how far the book is proven, and its first fault.

    `witnesses` are heads that were also stored elsewhere: only they reveal a chain whose end was cut off together with
    its heads. `is_sealed` checks rows without a place, for a caller who has the key of the seals; without it these
    rows are only counted.
    """
    verdict = Verdict()
    reading = _Reading(book, keys, witnesses, verdict)
    try:
        reading.begin()
        for item in progress(book.items()):
            reading.take(item)
        reading.end()
        _look_outside(book, verdict, is_sealed)
    except _Wrong as wrong:
        verdict.finding = wrong.finding
    return verdict


def _look_outside(book: Book, verdict: Verdict, is_sealed: Callable[[Line], bool] | None) -> None:
    for line in book.outside():
        if line.link == REFUSED or (is_sealed is not None and not is_sealed(line)):
            how = "was inserted past the services, or changed before it was linked: its seal does not fit"
            raise _Wrong("inserted", f"row {line.id} {how}", line.id)
        if line.link or line.day or line.position is not None:
            raise _Wrong("changed", f"row {line.id} ({line.act}) has lost its place in the chain", line.id)
        verdict.waiting += 1
        verdict.waiting_since = min(verdict.waiting_since or line.at, line.at)


class _Reading:
    """Follows the chain, head by head."""

    def __init__(
        self, book: Book, keys: PublicKeys, witnesses: Collection[Witness], verdict: Verdict
    ) -> None:
        self.book, self.keys, self.witnesses, self.verdict = book, keys, witnesses, verdict
        self.known: defaultdict[int, list[Witness]] = defaultdict(list)
        for one in witnesses:
            self.known[one.number].append(one)
        self.last: SignedHead | None = None
        self.gathered: list[Line] = []

    def begin(self) -> None:
        """Take the head before the book as given, if its signature is valid: the next head must follow it."""
        before = self.book.before
        if before:
            self._check_signature(before)
            self._check_witnesses(before)
        self.last = self.verdict.before = before

    def take(self, item: Line | SignedHead) -> None:
        """Collect a row, or prove the collected rows by their head."""
        if isinstance(item, Line):
            self.gathered.append(item)
            return
        self._check_head(item)
        rows, self.gathered = self.gathered, []
        link = self._before(item)
        for index, expected in enumerate(item.expected):
            position = item.first + index
            line = rows[index] if index < len(rows) else None
            if line is None or not _fits(line, item, link, position, expected):
                raise self._explained(item, rows[index:], link, position)
            link = line.link
            self._note(line)
        for line in rows[len(item.expected) :]:
            raise _Wrong("inserted", f"{_named(line)} was inserted: the head signed without it", line.id)
        if link != item.link:
            raise _Wrong("changed", f"head {item.number} of {item.day} does not end its rows")
        self._move_on(item)

    def end(self) -> None:
        """Check that no row comes after the last head, and that the book has every head that the witnesses know."""
        for line in self.gathered:
            text = (
                f"{_named(line)} stands after the last signed head: it was inserted, or its head was removed"
            )
            raise _Wrong("inserted", text, line.id)
        last = self.last
        missing = [one for one in self.witnesses if last is None or one.number > last.number]
        if missing:
            known = max(missing, key=lambda one: one.number)
            place = f"position {last.count + 1} of {last.day} on" if last else "the first on"
            raise _Wrong(
                "removed",
                f"the rows from {place} were removed with their heads: head {known.number} counted {known.count} rows"
                f" of {known.day}",
            )

    def _check_head(self, head: SignedHead) -> None:
        self._check_signature(head)
        last = self.last
        expected = last.number + 1 if last else 1
        if head.number > expected:
            text = f"head {expected} was removed before head {head.number} of {head.day}: {self._gap(head)}"
            raise _Wrong("removed", text)
        if head.number < expected:
            raise _Wrong("inserted", f"a second head {head.number} of {head.day} was inserted")
        if last and head.previous != last.digest:
            raise _Wrong("changed", f"head {head.number} of {head.day} does not follow head {last.number}")
        if head.first != self._counted(head) + 1 or (last and last.day != head.day and not last.closed):
            raise _Wrong(
                "changed", f"head {head.number} of {head.day} does not begin where the one before ends"
            )
        self._check_witnesses(head)

    def _check_witnesses(self, head: SignedHead) -> None:
        if any(one.digest != head.digest for one in self.known.get(head.number, ())):
            raise _Wrong(
                "changed",
                f"head {head.number} of {head.day} is not the one that was signed at first: the chain was put back"
                f" and written anew after position {self._counted(head)}",
            )

    def _check_signature(self, head: SignedHead) -> None:
        if is_signed(head, self.keys):
            return
        why = "its signature does not fit" if head.key in self.keys else f"no public key {head.key} was given"
        text = f"head {head.number} of {head.day} was changed or is not ours: {why}"
        if self.gathered:
            text += f"; {_named(self.gathered[0])} and what follows has no proof"
        raise _Wrong("changed", text, self.gathered[0].id if self.gathered else None)

    def _gap(self, head: SignedHead) -> str:
        last = self.last
        if last is None:
            return "the beginning of the chain is missing"
        if last.day == head.day:
            return f"with the rows of {head.day} from position {last.count + 1} on, if they are missing too"
        return f"with the rows after position {last.count} of {last.day}, if they are missing too"

    def _counted(self, head: SignedHead) -> int:
        last = self.last
        return last.count if last and last.day == head.day else 0

    def _before(self, head: SignedHead) -> str:
        """Return the link before the first row of the head."""
        last = self.last
        return last.link if last and last.day == head.day else opening_link(head.day, head.previous)

    def _explained(self, head: SignedHead, rows: Sequence[Line], link: str, position: int) -> _Wrong:
        """Return the finding for the first row that does not match."""
        here = rows[0] if rows else None
        if here and (here.day or "", here.position or 0) < (head.day, position):
            return _Wrong("inserted", f"{_named(here)} was inserted where the heads know of none", here.id)
        of_day = self.book.lines_of(head.day)
        surplus = len(of_day) - max(one.count for one in self.book.heads_of(head.day))
        others = [other for other in (*rows[1:], *of_day) if here and other.id != here.id]
        other = here and _meant_for(head, here, others, link, position)
        if here and other:
            if surplus > 0:
                return _Wrong("inserted", f"{_named(here)} was inserted before row {other.id}", here.id)
            return _Wrong("swapped", f"{_named(here)} was swapped with row {other.id}", here.id)
        if here is None or (here.day, here.position) != (head.day, position) or surplus < 0:
            after = f", before row {here.id} ({here.act})" if here else ""
            return _Wrong("removed", f"the row at position {position} of {head.day} was removed{after}")
        if surplus > 0:
            return _Wrong("inserted", f"{_named(here)} was inserted or changed", here.id)
        return _Wrong("changed", f"{_named(here)} was changed", here.id)

    def _note(self, line: Line) -> None:
        self.verdict.rows += 1
        self.verdict.late += line.at < _a_day_before(line.day or "")
        if line.act in REMARKABLE:
            self.verdict.remarks.append(f"{_named(line)} at {line.at}: {line.subject}")

    def _move_on(self, head: SignedHead) -> None:
        self.verdict.heads += 1
        self.verdict.days += self.last is None or self.last.day != head.day
        self.verdict.last = self.last = head


def _meant_for(head: SignedHead, here: Line, others: Iterable[Line], link: str, position: int) -> Line | None:
    """Return the row that belongs here and stands elsewhere in the day: unchanged, or with its content only."""
    expected = head.expected[position - head.first]
    for other in others:
        for candidate in (other, replace(other, id=here.id)):
            if next_link(link, head.day, position, candidate).startswith(expected):
                return other
    return None


def _fits(line: Line, head: SignedHead, before: str, position: int, expected: str) -> bool:
    link = next_link(before, head.day, position, line)
    return (line.day, line.position, line.link) == (head.day, position, link) and link.startswith(expected)


@lru_cache(maxsize=4)
def _a_day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _named(line: Line) -> str:
    place = f"position {line.position} of {line.day}" if line.is_linked else "without a place"
    return f"row {line.id} ({line.act} of {line.subject}, {place})"
