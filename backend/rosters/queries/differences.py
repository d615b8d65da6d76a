"""Reads the differences of a roster that came again, for those who look after the people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from backend.accounts.models import User
from backend.rosters.models import (
    Difference,
    DifferenceKind,
    DifferencePart,
    DifferenceQuerySet,
    DifferenceState,
    RosterImport,
)
from backend.rosters.reading.positions import Stretch, located
from backend.rosters.reading.refusals import DOUBTS
from backend.rosters.schemas.differences import DifferenceCount, DifferenceOut, Differences
from backend.volunteers.models import Membership, Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries.masking import masked
from backend.volunteers.rules import managed_paths, within

PAGE = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which differences of an import are meant: one, those of a kind, of a part, or all."""

    id: int | None = None
    kind: DifferenceKind | None = None
    part: DifferencePart | None = None

    @property
    def condition(self) -> Q:
        """The condition of being one of them."""
        given = {"pk": self.id, "kind": self.kind, "part": self.part}
        return Q(**{name: value for name, value in given.items() if value is not None})


def seen_by(batch: RosterImport, user: User | None, at: datetime) -> DifferenceQuerySet:
    """Return the differences of people whom a user looks after; an operator at the machine (None) sees all."""
    rows = Difference.objects.filter(batch=batch)
    if user is None:
        return rows
    managed = [within(path, "unit__path") for path in managed_paths(user, at)]
    theirs = Membership.objects.filter(Q(*managed, _connector=Q.OR), volunteer=OuterRef("volunteer"))
    return rows.filter(Exists(theirs)) if managed else rows.none()


def counts_of(batch: RosterImport, user: User | None, at: datetime) -> list[DifferenceCount]:
    """Return how many differences of each kind and part are in each state. One query."""
    groups = seen_by(batch, user, at).values("kind", "part", "state").annotate(count=Count("pk"))
    found = [DifferenceCount.model_validate(group) for group in groups.order_by("kind", "part", "state")]
    order = {kind: place for place, kind in enumerate(DifferenceKind)}
    return sorted(found, key=lambda group: order[group.kind])


def differences_of(
    batch: RosterImport, *, chosen: Chosen, by: User | None, at: datetime, after: int = 0
) -> Differences:
    """Return a page of differences in the order of the file, those of people not in the file last, and all counts."""
    rows = seen_by(batch, by, at).filter(chosen.condition, pk__gt=after).select_related("volunteer")
    found = list(rows.order_by("pk")[: PAGE + 1])
    return Differences(
        counts=counts_of(batch, by, at),
        items=_outs(batch, found[:PAGE]),
        next=found[PAGE - 1].pk if len(found) > PAGE else None,
    )


def difference_out(batch: RosterImport, row: Difference) -> DifferenceOut:
    """Return the shape of one that was read with its volunteer."""
    return _outs(batch, [row])[0]


def _outs(batch: RosterImport, rows: Sequence[Difference]) -> list[DifferenceOut]:
    stretches = [Stretch(*stretch) for stretch in batch.stretches]
    units = _units(rows)
    return [_out(row, stretches, units) for row in rows]


def _out(row: Difference, stretches: Sequence[Stretch], units: dict[str, str]) -> DifferenceOut:
    sheet, number = located(row.row, stretches) if row.row is not None else ("", None)
    part = DifferencePart(row.part)
    before, after = row.before, row.after
    if part == DifferencePart.PHONE:
        before, after = masked(before), masked(after)
    if part == DifferencePart.UNIT:
        before, after = units.get(before, ""), units.get(after, "")
    return DifferenceOut(
        id=row.pk,
        kind=DifferenceKind(row.kind),
        part=part,
        code=row.code,
        reason=str(DOUBTS[row.code]) if row.code else "",
        sheet=sheet,
        row=number,
        volunteer=f"{row.volunteer.number:08d}",
        name=row.volunteer.name,
        before=before,
        after=after,
        state=DifferenceState(row.state),
        decided_at=row.decided_at,
    )


def _units(rows: Sequence[Difference]) -> dict[str, str]:
    """Return what the units are called that rows lead from and to, by their keys as text."""
    moved = [row for row in rows if row.part == DifferencePart.UNIT]
    keys = {int(key) for row in moved for key in (row.before, row.after)}
    units = Unit.objects.filter(pk__in=keys).values_list("pk", "display_name", "number") if keys else []
    return {str(key): f"{name} {format_unit_number(number)}" for key, name, number in units}
