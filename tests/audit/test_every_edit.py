"""Every single edit of a small audit is found: each row changed, removed, inserted at each place, each pair swapped."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from backend.audit import keys
from backend.audit.chain import Line, SignedHead, next_link, opening_link
from backend.audit.queries import Stored
from backend.audit.verification import Finding, verify

pytestmark = pytest.mark.django_db

Lines = list[Line]


class Kept:
    """An audit in memory, in the order in which the database would give it."""

    before = None

    def __init__(self, lines: Sequence[Line], heads: Sequence[SignedHead]) -> None:
        self.lines, self.heads = lines, heads

    def items(self) -> Iterator[Line | SignedHead]:
        def place(item: Line | SignedHead) -> tuple[Any, ...]:
            if isinstance(item, SignedHead):
                return (item.day, item.count, 1, item.number)
            return (item.day, item.position, 0, item.id)

        everything: list[Line | SignedHead] = [*self.lines, *self.heads]
        return iter(sorted(everything, key=place))

    def lines_of(self, day: str) -> list[Line]:
        return [line for line in self.lines if line.day == day]

    def heads_of(self, day: str) -> list[SignedHead]:
        return [head for head in self.heads if head.day == day]

    def outside(self) -> Iterator[Line]:
        return iter(())


Find = Callable[[Lines], Finding]


@pytest.fixture
def lines(three_days: list[int]) -> Lines:
    return [item for item in Stored().items() if isinstance(item, Line)]


@pytest.fixture
def heads(three_days: list[int]) -> list[SignedHead]:
    return [item for item in Stored().items() if isinstance(item, SignedHead)]


@pytest.fixture
def find(heads: list[SignedHead]) -> Find:
    """Return what is found in edited rows, under the heads that were signed."""
    public = {keys.own_key_id(): keys.own_public_key()}

    def found(edited: Lines) -> Finding:
        finding = verify(Kept(edited, heads), public).finding
        assert finding is not None, "nothing was found"
        return finding

    return found


def chained_anew(edited: Lines, heads: list[SignedHead]) -> Lines:
    """Give the rows of each day new positions and links in their order, as whoever has no key can."""
    links = {head.day: opening_link(head.day, head.previous) for head in reversed(heads)}
    counts = dict.fromkeys(links, 0)
    chained = []
    for line in edited:
        day = line.day or ""
        counts[day] += 1
        links[day] = next_link(links[day], day, counts[day], line)
        chained.append(replace(line, position=counts[day], link=links[day]))
    return chained


def test_who_chains_anew_without_an_edit_comes_to_the_same(lines: Lines, heads: list[SignedHead]) -> None:
    assert chained_anew(lines, heads) == lines


CHANGES: dict[str, Any] = {
    "id": 4711,
    "key": "01890a5d-ac96-774b-bcce-b302099a8057",
    "act": "note.unmade",
    "subject": "note.2",
    "by": 4711,
    "at": "2026-03-01T12:00:00.000001+00:00",
    "post": "leader@0726010012",
    "details": {"n": 4711},
    "seal": "0" * 32,
    "link": "0" * 64,
}


@pytest.mark.parametrize("column", CHANGES)
def test_every_changed_row_is_named(lines: Lines, heads: list[SignedHead], find: Find, column: str) -> None:
    for index, line in enumerate(lines):
        changed = replace(line, **{column: CHANGES[column]})
        edited = [*lines[:index], changed, *lines[index + 1 :]]

        assert (find(edited).kind, find(edited).row) == ("changed", changed.id)
        if column != "link":  # there nothing is left of it when the links are computed anew
            finding = find(chained_anew(edited, heads))
            assert (finding.kind, finding.row) == ("changed", changed.id)


def test_every_removed_row_is_named_by_its_place(lines: Lines, heads: list[SignedHead], find: Find) -> None:
    for index, line in enumerate(lines):
        rest = [*lines[:index], *lines[index + 1 :]]

        for edited in (rest, chained_anew(rest, heads)):
            finding = find(edited)
            assert finding.kind == "removed"
            assert f"the row at position {line.position} of {line.day} was removed" in finding.text


def test_every_inserted_row_is_named(lines: Lines, heads: list[SignedHead], find: Find) -> None:
    for index, line in enumerate(lines):
        forged = replace(line, id=4711, key=CHANGES["key"], act="post.given", subject="volunteer.1")
        after = [*lines[: index + 1], forged, *lines[index + 1 :]]
        before = [*lines[:index], forged, *lines[index:]]

        for edited in (after, chained_anew(after, heads), chained_anew(before, heads)):
            finding = find(edited)
            assert (finding.kind, finding.row) == ("inserted", 4711)


def test_every_swapped_pair_is_named(lines: Lines, find: Find) -> None:
    for (first, one), (second, other) in combinations(enumerate(lines), 2):
        edited = list(lines)
        edited[first] = replace(one, day=other.day, position=other.position)
        edited[second] = replace(other, day=one.day, position=one.position)

        finding = find(edited)
        if one.day == other.day:
            assert (finding.kind, finding.row) == ("swapped", other.id)
            assert f"row {one.id}" in finding.text
        else:  # the day alone is searched for where a row came from
            assert (finding.kind, finding.row) == ("changed", other.id)
