"""One look of a hub at the database: the missing events, the sockets to close, the identity of the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.lib import clock
from backend.lib.clock import now
from backend.realtime.access import changes_between
from backend.realtime.frames import Message
from backend.realtime.log import epochs, event_log
from backend.realtime.models import Revocation
from backend.realtime.socket.reviews import REMEMBERED_S

LOOK_BACK = timedelta(seconds=15)
"""A topic row is stamped before its transaction commits, so the poll looks this far behind the newest known stamp. A
later commit is found by the full look in each round of heartbeats. The same holds for changes of access."""
MAX_REVOKED = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A hub's knowledge: its epoch (empty at first), the heads of its topics, and the newest stamp of all topics."""

    epoch: str
    heads: Mapping[str, int]
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Missed:
    """The result of a look. If the epoch differs from the hub's, only that counts."""

    epoch: str
    messages: Sequence[Message] = ()
    newest: datetime | None = None
    revoked: Sequence[tuple[UUID, datetime, int]] = ()
    changes: Sequence[tuple[UUID, str]] = ()


def look(known: Known, *, full: bool) -> Missed:
    """Look for events that a hub has missed; `full` checks all its topics, and the identity of the database.

    A head lower than before shows that the database was restored while this process ran: a new epoch begins.
    """
    at, back = now(), clock.passing(LOOK_BACK)
    moved, epoch = event_log.moved_since((known.newest or clock.machine_now()) - LOOK_BACK)
    if full:
        epoch = epochs.current(check=True)
    heads: Iterable[tuple[str, int]] = [(name, head) for name, head, _ in moved]
    if full:
        found = event_log.heads(known.heads)
        heads = [(name, found.get(name, (0, 0))[0]) for name in known.heads]
    heads_now = {name: head for name, head in heads if name in known.heads}
    if epoch == known.epoch and any(head < known.heads[name] for name, head in heads_now.items()):
        epoch = epochs.begin(instead_of=epoch, why=epochs.WENT_BACK, at=at)
    if epoch != known.epoch and known.epoch:
        return Missed(epoch)
    newest = max(moved, key=lambda row: row[2], default=None)
    if newest is not None and newest[2] != known.newest:
        epochs.note_newest({newest[0]: newest[1]}, epoch)
    behind = {name: (known.heads[name], head) for name, head in heads_now.items() if head > known.heads[name]}
    return Missed(
        epoch=epoch,
        messages=event_log.read(behind),
        newest=newest[2] if newest else known.newest,
        revoked=list(
            Revocation.objects.filter(at__gte=at - back).values_list("session", "at", "code")[:MAX_REVOKED]
        ),
        changes=changes_between(at - (clock.passing(timedelta(seconds=REMEMBERED_S)) if full else back), at),
    )
