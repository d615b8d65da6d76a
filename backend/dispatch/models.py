"""Tasks, the call-outs that send them, and each volunteer's part."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.volunteers.models import Unit, Volunteer


class Category(models.TextChoices):
    """The ten service categories; a volunteer's skills use the same codes."""

    RESCUE = "rescue", _("Emergency rescue")
    CITY = "city", _("City operation")
    CULTURE = "culture", _("Culture and education")
    CARE = "care", _("Care services")
    COMMUNITY = "community", _("Community services")
    ENVIRONMENT = "environment", _("Environment protection")
    HEALTHCARE = "healthcare", _("Healthcare")
    PSYCHOLOGY = "psychology", _("Psychological consultation")
    LEGAL = "legal", _("Legal aid")
    PATROL = "patrol", _("Patrol")


DANGEROUS = (Category.RESCUE,)
"""Service that asks for insurance, training, an agreement, and the risk notice read; never offered to minors."""


class LegalBasis(models.TextChoices):
    """Why the positions of those on a task are taken without their consent."""

    VITAL_INTERESTS = "vital_interests", _("Life is at stake")


class TaskStatus(models.TextChoices):
    """Where a task stands; `closed` takes no more answers, and those who accepted carry it out."""

    DRAFT = "draft", _("Draft")
    CALLED = "called", _("Called out")
    CANCELLED = "cancelled", _("Cancelled")
    CLOSED = "closed", _("Closed")


class Task(models.Model):
    """Work asked from people. Its id is the client's, so a retry is the same task."""

    id = models.UUIDField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="tasks", help_text="who asks")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    category = models.CharField(max_length=12, choices=Category.choices)
    title = models.CharField(max_length=120)
    instructions = models.TextField(blank=True)
    place_name = models.CharField(max_length=120, blank=True)
    lon = models.FloatField(help_text="WGS-84")
    lat = models.FloatField(help_text="WGS-84")
    starts_at = models.DateTimeField()
    answer_by = models.DateTimeField(db_index=True)
    headcount = models.PositiveIntegerField()
    requirements = models.JSONField(default=list, help_text="codes of the skills that everyone must have")
    status = models.CharField(max_length=12, choices=TaskStatus.choices, default=TaskStatus.DRAFT)
    accepted = models.PositiveIntegerField(default=0, help_text="kept under the row's lock")
    progressed_at = models.DateTimeField(null=True, help_text="when its issuers were last told of answers")
    progress_due_at = models.DateTimeField(null=True, help_text="when they are told of the answers since")
    legal_basis = models.CharField(max_length=20, choices=LegalBasis.choices, blank=True)
    legal_basis_at = models.DateTimeField(null=True, help_text="since when it holds; why stands in the audit")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(headcount__gte=1), name="task_headcount_positive"),
            models.CheckConstraint(condition=Q(accepted__lte=F("headcount")), name="task_never_overfull"),
        ]
        indexes = [
            models.Index(
                fields=["progress_due_at"],
                condition=Q(progress_due_at__isnull=False),
                name="task_progress_due",
            ),
        ]

    @property
    def topic(self) -> str:
        """The topic of those who follow the task: its issuers."""
        return f"task.{self.id}"

    @property
    def is_full(self) -> bool:
        """Tell whether every place is taken; who accepts now becomes a reserve."""
        return self.accepted >= self.headcount

    def is_open(self, at: datetime) -> bool:
        """Tell whether the task still takes answers."""
        return self.status == TaskStatus.CALLED and at < self.answer_by


class CallOut(models.Model):
    """The sending of a task to units; the offers it made are its assignments."""

    id = models.UUIDField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="call_outs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    offered = models.PositiveIntegerField(default=0)


class Notice(models.Model):
    """An event that concerned people who were asked, with its place in the topic on which they hear it.

    Whether it has reached them is read from their receipts on that topic. `topic` is the name at that time: a unit that
    later moves or is renumbered does not lose who received what. The notices of a call-out name its units.
    """

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notices")
    call_out = models.ForeignKey(CallOut, on_delete=models.CASCADE, related_name="units", null=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", null=True)
    event = models.CharField(max_length=60, help_text="the type of the event")
    at = models.DateTimeField()
    topic = models.CharField(max_length=80)
    seq = models.BigIntegerField(
        null=True, help_text="null: nobody in this unit was asked, so there is no event"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call_out", "unit"], name="call_out_unit_once"),
            models.UniqueConstraint(fields=["topic", "seq"], name="notice_topic_seq"),
        ]


class AssignmentStatus(models.TextChoices):
    """Where one volunteer's part stands; a reserve has accepted and waits for a place."""

    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    RESERVE = "reserve", _("Reserve")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Assignment(models.Model):
    """One volunteer's part in a task; status lives here and nowhere else.

    A call-out inserts thousands of rows at once: each column has no more indexes than the constraints and queries need,
    and the database does not check where the references lead: the statement takes them from rows that it reads, and
    checking them took more time than all the rest (docs/adr/0009).
    """

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="assignments", db_index=False, db_constraint=False
    )
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.PROTECT, related_name="assignments", db_constraint=False
    )
    through = models.ForeignKey(
        Notice,
        on_delete=models.CASCADE,
        related_name="assignments",
        db_index=False,
        db_constraint=False,
        help_text="what carried the offer",
    )
    told = models.ForeignKey(
        Notice,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="the last that concerned this volunteer",
    )
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="the member's own unit then",
    )
    status = models.CharField(
        max_length=12, choices=AssignmentStatus.choices, default=AssignmentStatus.OFFERED
    )
    before = models.CharField(
        max_length=12,
        choices=AssignmentStatus.choices,
        blank=True,
        help_text="the status before a change that the volunteer did not make; empty after their own answer",
    )
    offered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    eta_at = models.DateTimeField(null=True)
    risk_acknowledged_at = models.DateTimeField(null=True, help_text="of dangerous service")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "volunteer"], name="assignment_once")]
        indexes = [
            # For moving up the first of the reserve; it holds nothing of a call-out that has just begun.
            models.Index(
                fields=["task", "answered_at"], condition=Q(status="reserve"), name="assignment_reserve"
            )
        ]
