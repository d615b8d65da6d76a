"""Links committed rows into the chain of the day, step by step, and signs a head after each step.

An advisory lock admits one clock at a time; no other code takes it. A row whose transaction commits late is linked
late, and no row waits for another.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from backend.audit import queries
from backend.audit.acts import Acts
from backend.audit.chain import REFUSED, Line, SignedHead, fingerprints_of, moment, next_link, opening_link
from backend.audit.keys import is_sealed, own_key_id, sign
from backend.audit.models import Entry, Head
from backend.audit.services.records import record
from backend.lib.bulk import update_rows
from backend.lib.dialect import on_postgresql

logger = logging.getLogger(__name__)
heads_log = logging.getLogger("backend.audit.heads")
"""Logger of the heads: the collected logs are a copy that no change of the database can reach."""

STEP = 1_000
"""Rows of one transaction."""
STEPS = 20
"""Transactions of one turn; the clock has other work too."""
TOLD_EVERY = timedelta(minutes=1)
_PLACE = "UPDATE audit_entry SET day = %s, position = %s, link = %s WHERE id = %s"
_LOCK = 0x6175646974
"""The key of the advisory lock, unique in the database: the letters of “audit”."""


@dataclass(slots=True)
class _Memory:
    """The last head that this process signed, and when it logged one: with it a restored database is detected."""

    head: SignedHead | None = None
    told_at: datetime | None = None


_memory = _Memory()


def forget_heads() -> None:
    """Forget the signed heads; for tests, which change their databases."""
    _memory.head = _memory.told_at = None


def advance_chain(*, at: datetime) -> int:
    """Link waiting rows in steps, and close the chain of an ended day; return the number of handled rows."""
    dealt_with = 0
    if not queries.is_chain_due(at):
        return dealt_with
    for _ in range(STEPS):
        step = link_entries(at=at)
        dealt_with += step
        if step < STEP:
            break
    return dealt_with


@transaction.atomic
def link_entries(*, at: datetime, limit: int = STEP) -> int:
    """Give waiting rows, in the order of their ids, the next places of the day; return their number.

    Signs a head that covers them, and closes the day before if it is still open. Rows with a wrong seal are refused:
    they get no place, and the refusal itself is recorded. Does nothing while another clock holds the lock.
    """
    if not _claim():
        return 0
    last = queries.last_head()
    if _went_back(last):
        _note_way_back(last, at)
    day = _day_after(last, at)
    if last and last.day < day.isoformat() and not last.closed:
        last = _sign(_closing(last, at))
    waiting = queries.unlinked(limit)
    sound = _without_forged(waiting, at)
    if sound:
        _link(sound, _following(last, day, at))
    return len(waiting)


def _day_after(last: SignedHead | None, at: datetime) -> date:
    """Return the day for new links: today, but never a closed day, even if the clock of the machine is slow."""
    if last is None:
        return at.date()
    return max(at.date(), date.fromisoformat(last.day) + timedelta(days=1 if last.closed else 0))


def _claim() -> bool:
    """Take the lock of the chain until the commit, if it is free. SQLite has only one writer anyway."""
    if not on_postgresql():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _without_forged(waiting: Sequence[Line], at: datetime) -> list[Line]:
    """Return the rows that a service wrote, each once; refuse the others."""
    linked = queries.linked_keys([line.key for line in waiting])
    sound: dict[str, Line] = {}
    for line in waiting:
        if line.key in linked or line.key in sound or not is_sealed(line):
            _refuse(line, at)
        else:
            sound[line.key] = line
    return list(sound.values())


def _refuse(line: Line, at: datetime) -> None:
    logger.error("audit row %d was not written by a service, or was changed before it was linked", line.id)
    Entry.objects.filter(pk=line.id).update(link=REFUSED)
    record(Acts.AUDIT_REFUSED, subject=f"entry.{line.id}", by=None, at=at)


def _following(last: SignedHead | None, day: date, at: datetime) -> SignedHead:
    """Return the next head, without rows yet."""
    number, previous = (last.number + 1, last.digest) if last else (1, "")
    head = SignedHead(
        number=number,
        day=day.isoformat(),
        count=0,
        link=opening_link(day.isoformat(), previous),
        closed=False,
        fingerprints="",
        at=moment(at),
        previous=previous,
        key=own_key_id(),
    )
    if last and last.day == head.day:
        return replace(head, count=last.count, link=last.link)
    return head


def _closing(last: SignedHead, at: datetime) -> SignedHead:
    return replace(_following(last, date.fromisoformat(last.day), at), closed=True)


def _link(lines: Sequence[Line], head: SignedHead) -> None:
    """Store the places of the rows, and the head after them."""
    links: list[str] = []
    link = head.link
    for position, line in enumerate(lines, head.count + 1):
        link = next_link(link, head.day, position, line)
        links.append(link)
    _place(
        [
            Entry(pk=line.id, day=date.fromisoformat(head.day), position=position, link=link)
            for position, (line, link) in enumerate(zip(lines, links, strict=True), head.count + 1)
        ]
    )
    _sign(replace(head, count=head.count + len(links), link=link, fingerprints=fingerprints_of(links)))


def _place(entries: Sequence[Entry]) -> None:
    """Store the places of rows. On SQLite one statement a row: the ORM's single one takes twenty times as long."""
    if on_postgresql():
        update_rows(entries, ("day", "position", "link"))
        return
    places = [(str(entry.day), entry.position, entry.link, entry.pk) for entry in entries]
    with connection.cursor() as cursor:
        cursor.executemany(_PLACE, places)


def _sign(head: SignedHead) -> SignedHead:
    """Store a head with its signature; after the commit this process remembers it."""
    signed = replace(head, signature=sign(head))
    Head.objects.create(
        number=signed.number,
        day=date.fromisoformat(signed.day),
        count=signed.count,
        link=signed.link,
        closed=signed.closed,
        fingerprints=signed.fingerprints,
        at=datetime.fromisoformat(signed.at),
        previous=signed.previous,
        key=signed.key,
        signature=signed.signature,
    )
    transaction.on_commit(lambda: _remember(signed))
    return signed


def _remember(head: SignedHead) -> None:
    """Remember the head. Log it once a minute, and always when it closes a day."""
    at = datetime.fromisoformat(head.at)
    _memory.head = head
    if head.closed or _memory.told_at is None or at - _memory.told_at >= TOLD_EVERY:
        _memory.told_at = at
        heads_log.info("audit head %d %s count %d digest %s", head.number, head.day, head.count, head.digest)


def _went_back(last: SignedHead | None) -> bool:
    """Tell whether the database lacks a head that this process signed: other clocks only ever add heads."""
    known = _memory.head
    if known is None:
        return False
    if last is None or last.number < known.number:
        return True
    # Another clock may have added heads since, also to a chain that was restored.
    kept = last if last.number == known.number else queries.head_numbered(known.number)
    return kept is None or kept.digest != known.digest


def _note_way_back(last: SignedHead | None, at: datetime) -> None:
    """Record that the chain was restored: the row stays in it for a later verification.

    The memory is cleared only with the commit: if this step fails, the next one notices again.
    """
    known = _memory.head
    assert known is not None, "nothing was signed"
    logger.critical(
        "the audit was put back: head %d counted %d rows of %s, digest %s; the database ends at head %d",
        known.number,
        known.count,
        known.day,
        known.digest,
        last.number if last else 0,
    )
    record(Acts.AUDIT_PUT_BACK, subject=f"head.{known.number}", by=None, at=at, digest=known.digest)
    transaction.on_commit(lambda: setattr(_memory, "head", last))
