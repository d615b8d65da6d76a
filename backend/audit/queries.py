"""Reads the audit: the rows that wait for their place, and the chain in its order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from heapq import merge
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from backend.audit.chain import Line, SignedHead, moment
from backend.audit.models import Entry, Head
from backend.lib.dialect import on_postgresql

CHUNK = 2_000
"""Rows in memory at once."""
_Placed = tuple[tuple[str, int, int, int], Line | SignedHead]
_PLACED = Q(day__isnull=False, position__isnull=False)


def unlinked_count() -> int:
    """Return how many rows have no place in the chain yet, from a small partial index."""
    return Entry.objects.filter(link="").count()


def is_chain_due(at: datetime) -> bool:
    """Tell whether rows wait for their places, or an ended day is not closed yet."""
    if Entry.objects.filter(link="").exists():
        return True
    last = Head.objects.order_by("-number").values_list("day", "closed").first()
    return last is not None and last[0] < at.date() and not last[1]


def unlinked(limit: int) -> list[Line]:
    """Return rows without a place, in the order of their ids."""
    return [line_of(entry) for entry in Entry.objects.filter(link="").order_by("pk")[:limit]]


def linked_keys(keys: Sequence[str]) -> set[str]:
    """Return those of the keys that a linked row has."""
    found = Entry.objects.filter(key__in=keys, position__isnull=False).values_list("key", flat=True)
    return {str(key) for key in found}


def last_head() -> SignedHead | None:
    """Return the newest head."""
    head = Head.objects.order_by("-number").first()
    return head_of(head) if head else None


def head_numbered(number: int) -> SignedHead | None:
    """Return one head."""
    head = Head.objects.filter(number=number).first()
    return head_of(head) if head else None


def line_of(entry: Any) -> Line:
    """Return a row in its hashed form; also a row of a migration's model."""
    return Line(
        id=entry.pk,
        key=str(entry.key),
        act=entry.act,
        subject=entry.subject,
        by=entry.by_id,
        at=moment(entry.at),
        post=entry.post,
        details=entry.details,
        seal=entry.seal,
        day=entry.day.isoformat() if entry.day else None,
        position=entry.position,
        link=entry.link,
    )


def head_of(head: Head) -> SignedHead:
    """Return a head in its signed form."""
    return SignedHead(
        number=head.number,
        day=head.day.isoformat(),
        count=head.count,
        link=head.link,
        closed=head.closed,
        fingerprints=head.fingerprints,
        at=moment(head.at),
        previous=head.previous,
        key=head.key,
        signature=head.signature,
    )


@contextmanager
def one_moment() -> Iterator[None]:
    """Run the block at snapshot isolation: its reads see no commit of other writers."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" if on_postgresql() else "BEGIN")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


class Stored:
    """The audit as stored in the database, between two days (both included; None: from the first, to the last)."""

    def __init__(self, since: date | None = None, until: date | None = None) -> None:
        self.since, self.until = since, until

    @property
    def before(self) -> SignedHead | None:
        """The last head before the first day; None when that is the first day of all."""
        if self.since is None:
            return None
        head = Head.objects.filter(day__lt=self.since).order_by("-number").first()
        return head_of(head) if head else None

    def size(self) -> int:
        """Return the number of rows and heads that `items` yields."""
        return self._within(Entry.objects.filter(_PLACED)).count() + self._heads().count()

    def items(self) -> Iterator[Line | SignedHead]:
        """Yield rows in the order of the chain, and each head after its rows."""
        lines = self._within(Entry.objects.filter(_PLACED)).order_by("day", "position", "pk")
        rows: Iterator[_Placed] = (
            ((line.day or "", line.position or 0, 0, line.id), line)
            for line in map(line_of, lines.iterator(CHUNK))
        )
        heads: Iterator[_Placed] = (
            ((head.day, head.count, 1, head.number), head)
            for head in map(head_of, self._heads().order_by("number").iterator(CHUNK))
        )
        return (item for _, item in merge(rows, heads, key=lambda placed: placed[0]))

    def lines_of(self, day: str) -> list[Line]:
        """Return all rows of one day."""
        return [line_of(entry) for entry in Entry.objects.filter(day=day).order_by("position", "pk")]

    def heads_of(self, day: str) -> list[SignedHead]:
        """Return all heads of one day."""
        return [head_of(head) for head in Head.objects.filter(day=day).order_by("number")]

    def outside(self) -> Iterator[Line]:
        """Yield the rows without a place: rows that wait, rows that were refused, and rows that lost their place."""
        rows = Entry.objects.exclude(_PLACED).order_by("pk")
        yield from map(line_of, rows.iterator(CHUNK))

    def _heads(self) -> QuerySet[Head]:
        return self._within(Head.objects.all())

    def _within(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.since:
            rows = rows.filter(day__gte=self.since)
        return rows.filter(day__lte=self.until) if self.until else rows
