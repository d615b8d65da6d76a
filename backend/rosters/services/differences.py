"""Takes the differences of a roster that came again over into the records, each once, and takes that back."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField
from django.db.models.functions import Coalesce
from uuid6 import uuid7

from backend.accounts.acting import Act, acting
from backend.accounts.models import User, phone_key
from backend.accounts.services.phones import PhoneFull, PhoneTaken
from backend.corrections.models import Part
from backend.corrections.rules import correctable
from backend.corrections.services import correct_by_roster, lock_records, undo_of_roster, value_of
from backend.joining.models import Transfer
from backend.joining.schemas import TransferIn
from backend.joining.services.transfers import (
    TransferOver,
    propose_transfer,
    transfer_by_roster,
    withdraw_open,
)
from backend.lib.bulk import update_rows
from backend.lib.errors import NotFound, Refusal, require
from backend.rosters.acts import Acts
from backend.rosters.models import (
    DECIDED,
    Difference,
    DifferenceKind,
    DifferencePart,
    DifferenceState,
    ImportStatus,
    RosterImport,
)
from backend.rosters.queries.differences import Chosen, seen_by
from backend.rosters.services.imports import locked, may_import, require_status
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.services.finding import count_found, not_covered

MOST = 500
"""Differences that are decided on at once."""
MOST_MOVES = 50
"""Of them, those by which people change their units: each is a transfer, with the locks of its own."""
KEPT = timedelta(days=7)
"""How long what no leader has taken over is kept."""

_PARTS = {
    DifferencePart.NAME: Part.NAME,
    DifferencePart.PHONE: Part.PHONE,
    DifferencePart.SKILLS: Part.SKILLS,
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What has become of some differences; `next` is the last that was looked at, None when no other is left."""

    taken: int
    left: int
    overtaken: int
    refused: int
    next: int | None


def take_differences(
    *, import_id: UUID, chosen: Chosen, by: User | None, at: datetime, after: int = 0
) -> Decided:
    """Take differences over into the records, the next after one: 500 at most, 50 of them by moving people.

    Each is taken once, however many callers ask for it, and however often. Where the record has been changed since the
    file was compared with it, it stays. Raises NotFound, ImportNotReady, TooManyFound.
    """
    rows, more = _portion(import_id, chosen, by, at, after)
    _note_found(rows, by, at)
    count = _take_all(import_id, [row.pk for row in rows], by, at)
    return _decided(count, rows[-1].pk if more else None)


@transaction.atomic
def leave_differences(
    *, import_id: UUID, chosen: Chosen, by: User | None, at: datetime, after: int = 0
) -> Decided:
    """Leave the records as they are, for the next 500 differences after one. Raises NotFound, ImportNotReady."""
    batch = _open_batch(import_id, by, at)
    grant = require(may_import(by, batch.unit, at))
    rows, more = _portion(import_id, chosen, by, at, after)
    for row in rows:
        row.decide(DifferenceState.LEFT, by=by, at=at)
    update_rows(rows, DECIDED)
    if rows:
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.ROSTER_DIFFERENCES_LEFT, batch.subject, differences=len(rows))
    return _decided(Counter({DifferenceState.LEFT.value: len(rows)}), rows[-1].pk if more else None)


def _decided(count: Counter[str], next: int | None) -> Decided:
    names = (DifferenceState.TAKEN, DifferenceState.LEFT, DifferenceState.OVERTAKEN, _REFUSED)
    taken, left, overtaken, refused = (count[str(name)] for name in names)
    return Decided(taken, left, overtaken, refused, next)


_REFUSED = "refused"


def _portion(
    import_id: UUID, chosen: Chosen, by: User | None, at: datetime, after: int
) -> tuple[list[Difference], bool]:
    """Return the next differences to decide on, and whether there are more. Raises NotFound for one that is unseen."""
    batch = RosterImport.objects.get(pk=import_id)
    seen = seen_by(batch, by, at).filter(chosen.condition)
    if chosen.id is not None:
        require(seen.exists())
        # What was left before may be taken after all.
        undecided = seen.filter(state__in=(DifferenceState.OPEN, DifferenceState.LEFT))
        return list(undecided.filter(kind__in=DifferenceKind.takeable())), False
    rows = list(seen.open().filter(pk__gt=after).order_by("pk")[: MOST + 1])
    kept = _with_few_moves(rows[:MOST])
    return kept, len(kept) < len(rows)


def _with_few_moves(rows: Sequence[Difference]) -> list[Difference]:
    """Return the first of the rows, as far as they hold no more moves than are done at once."""
    moves = [place for place, row in enumerate(rows) if row.kind == DifferenceKind.MOVED]
    return list(rows[: moves[MOST_MOVES]] if len(moves) > MOST_MOVES else rows)


def _note_found(rows: Sequence[Difference], by: User | None, at: datetime) -> None:
    """Count, note and tell which people of other units have one of the new phones by now; commits by itself."""
    phones = [phone_key(row.after) for row in rows if row.part == DifferencePart.PHONE]
    if by is None or not phones:
        return
    found = set(not_covered(by, at).filter(user__phone_key__in=phones).values_list("pk", flat=True))
    if found:
        count_found(found, how="import", by=by, at=at)


def _open_batch(import_id: UUID, by: User | None, at: datetime) -> RosterImport:
    """Lock an import whose differences are to be decided on: of two callers one comes after the other."""
    batch = locked(import_id)
    require(may_import(by, batch.unit, at))
    require_status(batch, ImportStatus.IMPORTED)
    return batch


def _still_undecided(batch: RosterImport, wanted: Collection[int]) -> list[Difference]:
    undecided = (DifferenceState.OPEN, DifferenceState.LEFT)
    return list(Difference.objects.filter(batch=batch, pk__in=wanted, state__in=undecided).order_by("pk"))


@transaction.atomic
def _take_all(import_id: UUID, wanted: Collection[int], by: User | None, at: datetime) -> Counter[str]:
    """Take differences over in one act. Locks the import, the accounts, the volunteers, and units people move to."""
    batch = _open_batch(import_id, by, at)
    grant = require(may_import(by, batch.unit, at))
    rows = _still_undecided(batch, wanted)
    count: Counter[str] = Counter()
    if not rows:
        return count
    records = lock_records(row.volunteer_id for row in rows)
    with acting(by=by, at=at, grant=grant) as act:
        count += _take_changes([row for row in rows if row.kind == DifferenceKind.CHANGED], records, act)
        count += _take_moves([row for row in rows if row.kind == DifferenceKind.MOVED], records, act)
        update_rows([row for row in rows if row.decided_at == at], DECIDED)
        taken, overtaken = count[DifferenceState.TAKEN], count[DifferenceState.OVERTAKEN]
        act.record(Acts.ROSTER_DIFFERENCES_TAKEN, batch.subject, differences=taken, overtaken=overtaken)
    return count


def _take_changes(rows: Sequence[Difference], records: dict[int, Volunteer], act: Act) -> Counter[str]:
    """Correct names, phones and skills; returns what became of how many."""
    may = {part: _correctable(act.by, records, part, act.at) for part in {_part(row) for row in rows}}
    count: Counter[str] = Counter()
    for row in rows:
        person = records.get(row.volunteer_id)
        is_refused = person is not None and person.pk not in may[_part(row)]
        count[_REFUSED if is_refused else _take(row, person, act)] += 1
    return count


def _correctable(by: User | None, records: dict[int, Volunteer], part: Part, at: datetime) -> Collection[int]:
    return records if by is None else correctable(by, records.values(), part, at)


def _part(row: Difference) -> Part:
    return _PARTS[DifferencePart(row.part)]


def _take(row: Difference, person: Volunteer | None, act: Act) -> str:
    """Take one over unless the record says something else by now; returns what became of it."""
    made = None
    if person is not None and value_of(person, _part(row)) == row.before:
        try:
            made = correct_by_roster(person, _part(row), row.after, act=act).pk
        except (PhoneTaken, PhoneFull):
            person.user.refresh_from_db()
    to = DifferenceState.TAKEN if made else DifferenceState.OVERTAKEN
    row.decide(to, by=act.by, at=act.at, done_as=made)
    return to.value


def _take_moves(rows: Sequence[Difference], records: dict[int, Volunteer], act: Act) -> Counter[str]:
    """Move people, or propose it to the other side; returns what became of how many."""
    if act.by is None:
        return Counter({_REFUSED: len(rows)}) if rows else Counter()  # a transfer names who answers for it
    units = Unit.objects.in_bulk({int(key) for row in rows for key in (row.before, row.after)})
    moves = {
        row.volunteer_id: (records[row.volunteer_id], units[int(row.before)], units[int(row.after)])
        for row in rows
        if row.volunteer_id in records
    }
    made = transfer_by_roster(moves.values(), act=act) if moves else {}
    count: Counter[str] = Counter()
    for row in rows:
        done_as = made.get(row.volunteer_id)
        if isinstance(done_as, NotFound):
            count[_REFUSED] += 1
            continue
        transfer = done_as if isinstance(done_as, UUID) else None
        to = DifferenceState.TAKEN if transfer else DifferenceState.OVERTAKEN
        row.decide(to, by=act.by, at=act.at, done_as=transfer)
        count[to.value] += 1
    return count


# --- the way back -------------------------------------------------------------------------------------------------


def restore_differences(batch: RosterImport, held: Callable[[], RosterImport], *, at: datetime) -> None:
    """Let the records say again what they said before a batch's differences were taken, as far as they still say that.

    500 in each transaction; `held` locks the batch. What was taken and cannot be taken back stays as it is.
    """
    after = 0
    while last := _restore_changes(after, held, at):
        after = last
    moves = batch.differences.taken().filter(kind=DifferenceKind.MOVED)
    for move in list(moves.order_by("-pk").values_list("pk", flat=True)):
        _restore_move(move, held, at)


@transaction.atomic
def _restore_changes(after: int, held: Callable[[], RosterImport], at: datetime) -> int:
    """Undo the next corrections; returns the last difference, 0 when there is none."""
    batch = held()
    batch.save(update_fields=["worker_until", "deaths"])
    taken = batch.differences.taken().filter(kind=DifferenceKind.CHANGED, pk__gt=after)
    rows = list(taken.order_by("pk")[:MOST])
    if not rows:
        return 0
    with acting(by=batch.undone_by, at=at) as act:
        undone = undo_of_roster([row.done_as for row in rows if row.done_as], act=act)
        restored = [row for row in rows if row.done_as in undone]
        for row in restored:
            row.undo()
        update_rows(restored, ["state"])
        act.record(Acts.ROSTER_DIFFERENCES_RESTORED, batch.subject, differences=len(restored))
    return rows[-1].pk


@transaction.atomic
def _restore_move(move: int, held: Callable[[], RosterImport], at: datetime) -> None:
    """Move a person back, or take the proposal back; without the right to do it at once, it stays."""
    batch = held()
    batch.save(update_fields=["worker_until", "deaths"])
    row = batch.differences.get(pk=move)
    lock_records([row.volunteer_id])
    proposed, by = Transfer.objects.filter(pk__in=[row.done_as]), batch.undone_by
    with suppress(Refusal), transaction.atomic():
        row.undo()
        row.save(update_fields=["state"])
        transfer = proposed.first()
        if transfer is not None and transfer.is_done and by is not None:
            require(propose_transfer(wanted=_way_back(transfer), by=by, at=at).is_done, TransferOver)
            return
        waiting = proposed.waiting()
        require(waiting.exists(), TransferOver)
        with acting(by=by, at=at) as act:
            withdraw_open(waiting, act=act)


def _way_back(transfer: Transfer) -> TransferIn:
    return TransferIn(
        id=uuid7(),
        volunteer=f"{transfer.volunteer.number:08d}",
        from_unit=transfer.to_unit.number,
        to_unit=transfer.from_unit.number,
    )


# --- what ends ----------------------------------------------------------------------------------------------------


def forget_undecided(*, at: datetime, limit: int = 20_000) -> int:
    """Delete differences that were not taken over within a week after their import; returns how many."""
    since = Coalesce("batch__finished_at", "batch__made_at", output_field=DateTimeField())
    old = Difference.objects.exclude(state=DifferenceState.TAKEN).annotate(since=since)
    keys = list(old.filter(since__lt=at - KEPT).order_by().values_list("pk", flat=True)[:limit])
    Difference.objects.filter(pk__in=keys).delete()
    return len(keys)


def move_to_kept(gone: Volunteer, kept: Volunteer) -> None:
    """Give the differences of a duplicate to the record that is kept."""
    Difference.objects.filter(volunteer=gone).update(volunteer=kept)


def forget(volunteer: Volunteer) -> None:
    """Delete what files have said of a person who deletes everything."""
    Difference.objects.filter(volunteer=volunteer).delete()
