"""Imports of rosters: one named batch each, its report, and the people who wait in it."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.encryption import LOOKUP_CHARACTERS, unseal
from backend.lib.states import Steps, stepped
from backend.volunteers.models import Volunteer
from backend.volunteers.models.units import Unit


class ImportStatus(models.TextChoices):
    """How far an import has got."""

    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    IMPORTING = "importing", _("Being imported")
    IMPORTED = "imported", _("Imported")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")

    @classmethod
    def working(cls) -> frozenset["ImportStatus"]:
        """Return the states of imports that the clock goes on with."""
        return frozenset((cls.CHECKING, cls.IMPORTING, cls.UNDOING))

    @classmethod
    def unfinished(cls) -> frozenset["ImportStatus"]:
        """Return the states of imports that the clock or a person is going to change."""
        return cls.working() | {cls.CHECKED}

    @classmethod
    def started(cls) -> frozenset["ImportStatus"]:
        """Return the states of imports whose people are in the roster, or on the way into it."""
        return frozenset((cls.IMPORTING, cls.IMPORTED))

    @classmethod
    def taken_back(cls) -> frozenset["ImportStatus"]:
        """Return the states of imports whose people are in the roster no more, or on the way out of it."""
        return frozenset((cls.UNDOING, cls.UNDONE))

    @classmethod
    def undoable(cls) -> frozenset["ImportStatus"]:
        """Return the states of imports that a person can undo."""
        return frozenset((cls.CHECKING, cls.CHECKED, cls.IMPORTED, cls.FAILED))


_STEPS: Steps[ImportStatus] = {
    ImportStatus.CHECKING: (ImportStatus.CHECKED, ImportStatus.UNDONE, ImportStatus.FAILED),
    ImportStatus.CHECKED: (ImportStatus.IMPORTING, ImportStatus.UNDONE),
    ImportStatus.IMPORTING: (ImportStatus.IMPORTED, ImportStatus.FAILED),
    ImportStatus.IMPORTED: (ImportStatus.UNDOING,),
    ImportStatus.UNDOING: (ImportStatus.UNDONE, ImportStatus.IMPORTED),
    ImportStatus.FAILED: (ImportStatus.UNDONE,),
}


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    """Imports, by what there is to do."""

    def working(self) -> Self:
        """Return those that the clock goes on with."""
        return self.filter(status__in=ImportStatus.working())

    def unfinished(self) -> Self:
        """Return those that are neither in the roster, nor undone, nor given up."""
        return self.filter(status__in=ImportStatus.unfinished())

    def being_checked(self) -> Self:
        """Return those whose file is being read."""
        return self.filter(status=ImportStatus.CHECKING)

    def unstarted(self) -> Self:
        """Return those that were checked, and that no person has started."""
        return self.filter(status=ImportStatus.CHECKED)


class RosterImport(models.Model):
    """A roster that is brought in as one batch: checked first, then imported whole, and undone whole.

    Its worker holds a lease, by `worker` until `worker_until`; after a crash another worker goes on.
    """

    id = models.UUIDField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=400, help_text="where the file lies until it has been checked")
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField()
    file_sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=4)
    encoding = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=10, choices=ImportStatus.choices, default=ImportStatus.CHECKING)
    ignored_columns = models.JSONField(default=list)
    sheets = models.JSONField(default=list, help_text="of a workbook: what became of each, rows and unit")
    notes = models.JSONField(default=list, help_text="what the uploader should know of the file")
    stretches = models.JSONField(default=list, help_text="which sheet and row a position in the file is")
    rows_total = models.PositiveIntegerField(default=0, help_text="an estimate until the file has been read")
    rows_done = models.PositiveIntegerField(
        default=0, help_text="the last position in the file that was dealt with"
    )
    numbered_to = models.PositiveIntegerField(default=0, help_text="the last position with a number")
    accepted = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="rows of people who are in the roster already, and are compared with it",
    )
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    remarks = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    started_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=80, blank=True)
    worker_until = models.DateTimeField(null=True)
    deaths = models.PositiveSmallIntegerField(default=0, help_text="workers that died since the last portion")

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status"], name="import_status"),
            models.Index(fields=["unit", "made_at"], name="import_of_unit"),
        ]

    @property
    def subject(self) -> str:
        """The name of this batch in the record of acts."""
        return f"import.{self.pk}"

    @property
    def rows_read(self) -> int:
        """How many rows with people in them have been read; each is accepted, known, a duplicate, or rejected."""
        return self.accepted + self.known + self.duplicates + self.rejected

    @property
    def share(self) -> int:
        """How much of the present step is done, in per cent."""
        done, total = self.rows_done, self.rows_total
        if self.status == ImportStatus.IMPORTING:
            done = self.numbered_to
        return min(100, done * 100 // total) if total else 0

    @property
    def is_working(self) -> bool:
        """Tell whether the clock goes on with it."""
        return self.status in ImportStatus.working()

    def finish_check(self) -> None:
        """Wait for a person to start it: its file has been read."""
        self._become(ImportStatus.CHECKED)

    def start(self, *, by: User | None) -> list[str]:
        """Have it imported; returns the columns to save."""
        self._become(ImportStatus.IMPORTING)
        self.started_by = by
        return ["status", "started_by"]

    def finish(self, *, at: datetime) -> None:
        """Note that its people are in the roster."""
        self._become(ImportStatus.IMPORTED)
        self.finished_at = at

    def begin_undo(self, *, by: User | None) -> list[str]:
        """Have its people taken out of the roster; returns the columns to save."""
        self._become(ImportStatus.UNDOING)
        self.undone_by = by
        return ["status", "undone_by"]

    def undo(self, *, by: User | None, at: datetime) -> list[str]:
        """Note that its people are, or stay, out of the roster; returns the columns to save."""
        self._become(ImportStatus.UNDONE)
        self.undone_by, self.undone_at = by, at
        return ["status", "undone_by", "undone_at"]

    def fail(self, *, why: str) -> list[str]:
        """Give it up; one that was to be undone stays in the roster. Returns the columns to save."""
        is_there = self.status == ImportStatus.UNDOING
        self._become(ImportStatus.IMPORTED if is_there else ImportStatus.FAILED)
        self.failure, self.deaths = why[:300], 0
        return ["status", "failure", "deaths"]

    def _become(self, to: ImportStatus) -> None:
        self.status = stepped(self, ImportStatus(self.status), to, _STEPS)


class Outcome(models.TextChoices):
    """What became of a row that is in the report."""

    DUPLICATE = "duplicate", _("Duplicate")
    REJECTED = "rejected", _("Rejected")
    REMARK = "remark", _("Accepted with a remark")


class ReportedRow(models.Model):
    """A row of the file that was not plainly accepted. What stood in the cell is not kept.

    `row` is the position in the file: the row itself, unless the file has several sheets or tables.
    """

    batch = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="report", db_index=False)
    row = models.PositiveIntegerField()
    cell = models.CharField(max_length=12)
    column = models.CharField(max_length=12, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=40)
    other_row = models.PositiveIntegerField(null=True, help_text="the earlier row that is the same person")

    class Meta:
        indexes = [models.Index(fields=["batch", "row", "id"], name="import_report")]


class Newcomer(models.Model):
    """An accepted row that waits: the person is not shown before the whole batch is in the roster.

    Emptied when the batch is imported. The database does not check its foreign keys: millions of rows come at once, and
    the rows that they become are checked.
    """

    batch = models.ForeignKey(
        RosterImport, on_delete=models.CASCADE, related_name="newcomers", db_index=False, db_constraint=False
    )
    row = models.PositiveIntegerField()
    unit = models.ForeignKey(
        Unit, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    name = models.CharField(max_length=80)
    plain_name = models.CharField(max_length=80, default="", help_text="as names are compared")
    pinyin = models.CharField(max_length=80, default="")
    initials = models.CharField(max_length=20, default="")
    born_on = models.DateField(null=True)
    phone_sealed = models.CharField(max_length=120, blank=True)
    phone_key = models.CharField(max_length=LOOKUP_CHARACTERS, null=True)  # noqa: DJ001  # unique unless absent
    phone_tail_key = models.CharField(max_length=LOOKUP_CHARACTERS, blank=True, default="")
    id_card_sealed = models.CharField(max_length=120, blank=True)
    id_card_key = models.CharField(max_length=LOOKUP_CHARACTERS, null=True)  # noqa: DJ001  # unique unless absent
    skills = models.TextField(blank=True, help_text="ids, separated by commas")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="newcomer_row_once")]


class NewcomerNumber(models.Model):
    """The number that a newcomer is going to have: given before the batch is written, so that locks are short."""

    newcomer = models.OneToOneField(
        Newcomer, primary_key=True, on_delete=models.CASCADE, related_name="given", db_constraint=False
    )
    number = models.PositiveIntegerField(unique=True)


class DifferenceKind(models.TextChoices):
    """How a roster that comes again differs from the one that is here."""

    CHANGED = "changed", _("Changed")
    MOVED = "moved", _("In another unit")
    NEEDS_REQUEST = "needs_request", _("Not changed by an import")
    INCONSISTENT = "inconsistent", _("Inconsistent")
    GONE = "gone", _("Not in the file")

    @classmethod
    def takeable(cls) -> frozenset["DifferenceKind"]:
        """Return the kinds that a leader can take over; the others are only listed."""
        return frozenset((cls.CHANGED, cls.MOVED))


class DifferencePart(models.TextChoices):
    """What of a person differs."""

    NAME = "name", _("Name")
    PHONE = "phone", _("Phone")
    SKILLS = "skills", _("Skills")
    UNIT = "unit", _("Unit")
    BORN_ON = "born_on", _("Date of birth")
    ID_CARD = "id_card", _("Identity card")
    PERSON = "person", _("Person")


class DifferenceState(models.TextChoices):
    """What became of a difference."""

    OPEN = "open", _("Undecided")
    TAKEN = "taken", _("Taken over")
    LEFT = "left", _("Left as it is")
    OVERTAKEN = "overtaken", _("Changed since")
    UNDONE = "undone", _("Undone")


_DIFFERENCE_STEPS: Steps[DifferenceState] = {
    DifferenceState.OPEN: (DifferenceState.TAKEN, DifferenceState.LEFT, DifferenceState.OVERTAKEN),
    DifferenceState.LEFT: (DifferenceState.TAKEN, DifferenceState.LEFT, DifferenceState.OVERTAKEN),
    DifferenceState.TAKEN: (DifferenceState.UNDONE,),
}


class DifferenceQuerySet(models.QuerySet["Difference"]):
    """Differences, by what there is to do."""

    def open(self) -> Self:
        """Return those that no leader has decided on, and that can be taken over."""
        return self.filter(state=DifferenceState.OPEN, kind__in=DifferenceKind.takeable())

    def taken(self) -> Self:
        """Return those that were taken over, and stand."""
        return self.filter(state=DifferenceState.TAKEN)


class Difference(models.Model):
    """One part of a known person that a roster says otherwise. Both values are sealed, and go with their import.

    The database does not check the person: an undone import deletes its people, and the release knows no differences.
    """

    batch = models.ForeignKey(
        RosterImport, on_delete=models.CASCADE, related_name="differences", db_index=False
    )
    row = models.PositiveIntegerField(null=True, help_text="the position in the file; null: not in the file")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=14, choices=DifferenceKind.choices)
    part = models.CharField(max_length=8, choices=DifferencePart.choices)
    code = models.CharField(
        max_length=40, blank=True, help_text="of an inconsistent person: what contradicts"
    )
    before_sealed = models.CharField(max_length=4_000, blank=True)
    after_sealed = models.CharField(max_length=4_000, blank=True)
    state = models.CharField(max_length=10, choices=DifferenceState.choices, default=DifferenceState.OPEN)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    done_as = models.UUIDField(
        null=True, help_text="the correction or the transfer by which it was taken over"
    )

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["batch", "kind", "part", "id"], name="difference_of_import")]

    @property
    def before(self) -> str:
        """What the record said when the file was compared with it; empty: nothing."""
        return unseal(self.before_sealed, "before")

    @property
    def after(self) -> str:
        """What the file says."""
        return unseal(self.after_sealed, "after")

    def decide(
        self, to: DifferenceState, *, by: User | None, at: datetime, done_as: UUID | None = None
    ) -> None:
        """Note what became of it."""
        self.state = stepped(self, DifferenceState(self.state), to, _DIFFERENCE_STEPS)
        self.decided_by, self.decided_at, self.done_as = by, at, done_as

    def undo(self) -> None:
        """Note that the record says again what it said before."""
        self.state = stepped(self, DifferenceState(self.state), DifferenceState.UNDONE, _DIFFERENCE_STEPS)


DECIDED = ("state", "decided_by_id", "decided_at", "done_as")
"""The columns that a decision changes."""
