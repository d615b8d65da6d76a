"""Checks an uploaded roster: accepted rows become newcomers, the others stand in the report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.clock import now
from backend.rosters.acts import Acts
from backend.rosters.models import ImportStatus, Outcome, ReportedRow, RosterImport
from backend.rosters.reading.apart import reading_apart
from backend.rosters.reading.columns import Column, Heading, letters
from backend.rosters.reading.events import Event, PersonFound
from backend.rosters.reading.files import look_at
from backend.rosters.reading.people import Person, RowReader, Surroundings, means_nothing
from backend.rosters.reading.places import NamedUnit, UnitFinder, skill_names
from backend.rosters.reading.refusals import RowRejected, UnreadableRoster
from backend.rosters.reading.survey import Survey
from backend.rosters.services.comparing import set_known_apart
from backend.rosters.services.finding import note_found_by_import
from backend.rosters.services.import_turns import held, hold_on
from backend.rosters.services.imports import forget_file
from backend.rosters.services.staging import stage, withdraw_same_people
from backend.volunteers.models import Skill, Unit, adult_if_born_until, not_retired, shows
from backend.volunteers.queries.units import retired_units
from backend.volunteers.rules import seen_from

MAX_REPORTED = 10_000
"""Rows of each outcome that are in the report; the others are only counted."""
_LOST = frozenset({"cell-merged", "formula-empty"})
"""Remarks about a cell that are also the reason why it is missing."""
_DITTO = frozenset({"同上", "〃", "″", '"', "''", "ditto"})
"""What people write for the unit in the row above."""

Tell = Callable[[RosterImport], None]


def check_file(batch: RosterImport, tell: Tell, size: int) -> None:
    """Read the rest of a batch's file, `size` rows in each transaction. Raises UnreadableRoster, ReaderDied."""
    path = Path(batch.path)
    checking = _Check(batch, tell, size)
    try:
        if batch.rows_done and look_at(path).sha256 != batch.file_sha256:
            raise UnreadableRoster("The file has changed since its first part was read.")
        with reading_apart(path, batch.format, batch.encoding, waiting=lambda: hold_on(batch.pk)) as events:
            checking.read(events)
    except OSError as error:
        raise UnreadableRoster("The file is not there any more; upload it again.") from error
    except UnreadableRoster:
        _keep(batch.pk, checking.survey)
        raise
    note_found_by_import(batch, by=batch.made_by, at=now())
    tell(_close(batch.pk, checking.survey))


@dataclass
class _Portion:
    """Rows that are stored together."""

    people: list[Person] = field(default_factory=list)
    reported: list[ReportedRow] = field(default_factory=list)
    rejected: int = 0
    last: int = 0

    @property
    def rows(self) -> int:
        return len(self.people) + self.rejected


class _Check:
    """One pass over a file; what was stored before is passed over."""

    def __init__(self, batch: RosterImport, tell: Tell, size: int) -> None:
        self._batch, self._tell, self._size = batch, tell, size
        self._done, self._portion = batch.rows_done, _Portion()
        finder = _units_below(batch.unit)
        self._around = _surroundings(batch.unit, finder)
        self._has_units_below = len(finder) > 1
        self._readers: list[RowReader] = []
        self._units_above: dict[int, str] = {}
        self.survey = Survey(finder.only, lambda text: finder.is_below(text, batch.unit_id))

    def read(self, events: Iterator[Event]) -> None:
        """Read what was found in the file, to its end."""
        for event in events:
            if isinstance(event, PersonFound):
                self._take(event)
            else:
                self.survey.take(event)
                self._readers = self._readers_now()
        if self._portion.rows:
            self._store()

    def _readers_now(self) -> list[RowReader]:
        """Return what reads the rows of each table: by its headings, and with the unit of those who name none."""
        unit = self.survey.unit
        around = replace(self._around, unit_id=unit.id) if unit else self._around
        return [RowReader(heading, around) for heading in self.survey.headings]

    def _take(self, found: PersonFound) -> None:
        if self._has_units_below:
            self.survey.look_for_unit(found)
        position, heading = self.survey.position_of(found), self.survey.headings[found.table]
        remarks = [*found.remarks, *self._about_unit(found, heading)]
        if position <= self._done:
            return
        self._portion.last = position
        try:
            self._accept(self._read(position, found, remarks), found, heading, remarks)
        except RowRejected as rejection:
            self._reject(position, found, remarks, rejection)
        if self._portion.rows >= self._size:
            self._store()

    def _read(self, position: int, found: PersonFound, remarks: list[tuple[int, str]]) -> Person:
        if any(code == "name-merged" for _, code in remarks):
            raise RowRejected(Column.NAME, "name-merged")
        return self._readers[found.table].read(position, found.cells)

    def _reject(
        self, position: int, found: PersonFound, remarks: list[tuple[int, str]], first: RowRejected
    ) -> None:
        """Report all that is wrong with a row, once for each cell: a file is mended in one go."""
        heading, faults = self.survey.headings[found.table], [first]
        if first.column is not None and first.code != "name-merged":
            faults = self._readers[found.table].faults(found.cells) or faults
        self._portion.rejected += 1
        by_cell: dict[Column | None, RowRejected] = {}
        for fault in faults:
            by_cell.setdefault(fault.column, fault)
        for column, fault in by_cell.items():
            code = _reason(fault, heading, remarks)
            self._report(Outcome.REJECTED, position, heading.cell(column, found.row), column or "", code)

    def _accept(
        self, person: Person, found: PersonFound, heading: Heading, remarks: list[tuple[int, str]]
    ) -> None:
        self._portion.people.append(person)
        columns = {place: column for column, place in heading.places.items()}
        for place, code in remarks:
            self._report(Outcome.REMARK, person.row, f"{letters(place)}{found.row}", columns[place], code)
        for column, code in person.remarks:
            self._report(Outcome.REMARK, person.row, heading.cell(column, found.row), column, code)

    def _about_unit(self, found: PersonFound, heading: Heading) -> list[tuple[int, str]]:
        """Put the unit above for a sign that means it; remark an empty one below others, which may mean the same."""
        place = heading.places.get(Column.UNIT)
        if place is None or not self._has_units_below:
            return []
        cell = found.cells[place] if place < len(found.cells) else None
        text = str(cell or "").strip()
        if means_nothing(text):
            text = ""
        if text in _DITTO and found.table in self._units_above:
            found.cells[place] = self._units_above[found.table]
            return []
        if text:
            self._units_above[found.table] = text
            return []
        return [(place, "unit-empty")] if self._units_above and self.survey.unit is None else []

    def _report(self, outcome: Outcome, position: int, cell: str, column: str, code: str) -> None:
        self._portion.reported.append(
            ReportedRow(batch=self._batch, row=position, cell=cell, column=column, outcome=outcome, code=code)
        )

    def _store(self) -> None:
        self._tell(_store(self._batch.pk, self.survey, self._portion, self._done))
        self._done, self._portion = self._portion.last, _Portion()


def _reason(rejection: RowRejected, heading: Heading, remarks: list[tuple[int, str]]) -> str:
    """Return why a row was rejected: what became of the very cell, if that is known."""
    place = heading.places.get(rejection.column) if rejection.column else None
    return next((code for at, code in remarks if at == place and code in _LOST), rejection.code)


# --- what is stored -----------------------------------------------------------------------------------------------


@transaction.atomic
def _store(import_id: UUID, survey: Survey, portion: _Portion, done: int) -> RosterImport:
    """Store a portion and move the point from which a killed import goes on, in one transaction."""
    batch = held(import_id, ImportStatus.CHECKING, done)
    remarks = [row for row in portion.reported if row.outcome == Outcome.REMARK]
    rejected = [row for row in portion.reported if row.outcome == Outcome.REJECTED]
    wanted = list(dict.fromkeys(row.row for row in rejected))[: max(0, MAX_REPORTED - batch.rejected)]
    shown = frozenset(wanted)
    ReportedRow.objects.bulk_create(
        remarks[: max(0, MAX_REPORTED - batch.remarks)] + [row for row in rejected if row.row in shown]
    )
    stage(import_id, portion.people)
    batch.accepted += len(portion.people)
    batch.rejected += portion.rejected
    batch.remarks += len(remarks)
    batch.rows_done = portion.last
    batch.rows_total = max(batch.rows_total, batch.rows_done)
    _describe(batch, survey)
    batch.save()
    return batch


@transaction.atomic
def _close(import_id: UUID, survey: Survey) -> RosterImport:
    """Find the people who come twice or are in the roster already: from now on the report is whole."""
    batch = held(import_id, ImportStatus.CHECKING)
    _describe(batch, survey)
    at = now()
    report_same_people(batch, in_file=True, by=batch.made_by, at=at)
    batch.rows_total = batch.rows_done
    batch.finish_check()
    batch.save()
    forget_file(batch)
    counts = {"known": batch.known, "duplicates": batch.duplicates, "rejected": batch.rejected}
    with acting(by=None, at=at) as act:
        act.record(Acts.ROSTER_CHECKED, batch.subject, accepted=batch.accepted, **counts)
    return batch


@transaction.atomic
def _keep(import_id: UUID, survey: Survey) -> None:
    """Keep what was seen of a file that cannot be read: which sheets it has, and why none of them is a roster."""
    batch = held(import_id, ImportStatus.CHECKING)
    _describe(batch, survey)
    batch.save()


def _describe(batch: RosterImport, survey: Survey) -> None:
    batch.ignored_columns, batch.sheets = survey.ignored, survey.sheets
    batch.notes, batch.stretches = survey.notes, survey.stretches


def report_same_people(batch: RosterImport, *, in_file: bool, by: User | None, at: datetime) -> None:
    """Take out the people who come twice, set apart those whom `by` covers, and take out who else is in the roster.

    Duplicates are reported. The calling code saves the batch.
    """
    if in_file:
        _withdraw(batch, in_file=True)
    known = set_known_apart(batch, with_gone=in_file, by=by, at=at)
    batch.known += known
    batch.accepted -= known
    _withdraw(batch, in_file=False)


def _withdraw(batch: RosterImport, *, in_file: bool) -> None:
    room = max(0, MAX_REPORTED - batch.duplicates)
    count, report = withdraw_same_people(batch.pk, shown=room, in_file=in_file)
    ReportedRow.objects.bulk_create(
        ReportedRow(
            batch=batch,
            row=row,
            cell="",
            column=column,
            outcome=Outcome.DUPLICATE,
            code=code,
            other_row=other,
        )
        for row, column, code, other in report
    )
    batch.duplicates += count
    batch.accepted -= count


# --- what rows are read against -----------------------------------------------------------------------------------


def _units_below(unit: Unit) -> UnitFinder:
    units = Unit.objects.filter(seen_from(unit.path), not_retired()).values_list(
        "pk", "path", "number", "official_name", "display_name", "brand_name"
    )
    named = (
        NamedUnit(id, path, number, tuple(dict.fromkeys(name for name in names if name)))
        for id, path, number, *names in units.iterator(chunk_size=2_000)
    )
    # A retired number stands for the successor, as at every door; a name may have gone to another unit.
    followed = (
        NamedUnit(successor.pk, gone.path, gone.number, ())
        for gone, successor in retired_units()
        if shows(unit.path, successor.path, successor.closed_depth)
    )
    above = {
        path: tuple(filter(None, names))
        for path, *names in Unit.objects.filter(path__in=unit.line[:-1]).values_list(
            "path", "official_name", "display_name", "brand_name"
        )
    }
    return UnitFinder(chain(named, followed), Unit.steplen, above)


def _surroundings(unit: Unit, finder: UnitFinder) -> Surroundings:
    return Surroundings(
        unit_id=unit.pk,
        unit_named=finder,
        skills=skill_names(Skill.objects.values_list("pk", "code", "name")),
        today=now().date() + timedelta(days=1),  # somewhere it is tomorrow
        adult_if_born_until=adult_if_born_until(now()),
    )
