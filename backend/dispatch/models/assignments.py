"""The call-outs that send tasks, and each volunteer's part."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.dispatch.models.tasks import Task, takes_answers, under_way, yet_to_begin
from backend.lib.states import Steps, stepped
from backend.volunteers.models import Unit, Volunteer


class CallOut(models.Model):
    """The sending of a task to units; the offers it made are its assignments."""

    id = models.UUIDField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="call_outs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    offered = models.PositiveIntegerField(default=0)
    ask = models.CharField(
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="`on_duty`: those on duty alone; empty: all whom the severity of the task asks",
    )
    is_followed = models.BooleanField(
        default=False,
        db_default=True,
        help_text="those who left a unit while it was called out have been told",
    )

    class Meta:
        indexes = [models.Index(fields=["at"], condition=Q(is_followed=False), name="call_out_to_follow")]


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


Becomes = Mapping["AssignmentStatus", "AssignmentStatus"]
"""What parts become, by what they were."""


class AssignmentStatus(models.TextChoices):
    """Where one volunteer's part stands; a reserve has accepted and waits for a place."""

    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    RESERVE = "reserve", _("Reserve")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")

    @classmethod
    def unanswered(cls) -> frozenset["AssignmentStatus"]:
        """Return the states of parts that wait for an answer."""
        return frozenset((cls.OFFERED,))

    @classmethod
    def holding_place(cls) -> frozenset["AssignmentStatus"]:
        """Return the states of parts that have one of the places of their task."""
        return frozenset((cls.ACCEPTED,))

    @classmethod
    def taking_part(cls) -> frozenset["AssignmentStatus"]:
        """Return the states of parts whose volunteers said yes, with a place or without: the task counts on them."""
        return cls.holding_place() | {cls.RESERVE}

    @classmethod
    def live(cls) -> frozenset["AssignmentStatus"]:
        """Return the states of parts that a change of the task concerns; the other volunteers hear of it as well."""
        return cls.unanswered() | cls.taking_part()

    @classmethod
    def answered_by(cls, answer: str) -> frozenset["AssignmentStatus"]:
        """Return the states in which an answer, `accept` or `decline`, has been given already."""
        return cls.taking_part() if answer == "accept" else frozenset((cls.DECLINED,))

    @classmethod
    def after_closing(cls) -> Becomes:
        """Return what becomes of the parts in a task that takes no more answers."""
        return dict.fromkeys(cls.unanswered(), cls.EXPIRED)

    @classmethod
    def after_cancelling(cls) -> Becomes:
        """Return what becomes of the parts in a task that is called off."""
        return dict.fromkeys(cls.live(), cls.WITHDRAWN)


class AnswerWay(models.TextChoices):
    """By which way an answer came; the risk notice of dangerous service belongs to each."""

    DEVICE = "device", _("Own device")
    LOCK_SCREEN = "lock_screen", _("Lock screen")
    SMS = "sms", _("Text message")
    CALL = "call", _("Telephone keys")
    DESK = "desk", _("Desk of an occasion")
    WORD = "word", _("Said to a leader")


class NoticeWay(models.TextChoices):
    """How a volunteer has taken note of the risks of dangerous service."""

    SHOWN = "shown", _("Shown on a screen")
    SIGNED = "signed", _("Signed at a desk")
    READ_OUT = "read_out", _("Read out")
    SENT = "sent", _("Sent as a text message")


_PART_STEPS: Steps[AssignmentStatus] = {
    AssignmentStatus.OFFERED: (
        AssignmentStatus.ACCEPTED,
        AssignmentStatus.RESERVE,
        AssignmentStatus.DECLINED,
        AssignmentStatus.EXPIRED,
        AssignmentStatus.WITHDRAWN,
    ),
    AssignmentStatus.ACCEPTED: (AssignmentStatus.DECLINED, AssignmentStatus.WITHDRAWN),
    AssignmentStatus.RESERVE: (
        AssignmentStatus.ACCEPTED,
        AssignmentStatus.DECLINED,
        AssignmentStatus.WITHDRAWN,
    ),
    AssignmentStatus.DECLINED: (AssignmentStatus.ACCEPTED, AssignmentStatus.RESERVE),
    AssignmentStatus.EXPIRED: (),
    AssignmentStatus.WITHDRAWN: (),
}


def columns_of(becomes: Becomes) -> dict[str, Case]:
    """Return what an update writes where each part `becomes` what follows its status; raises IllegalChange.

    The status before is kept: the volunteers have to hear of it.
    """
    for status, it_is in becomes.items():
        stepped(Assignment(status=status), status, it_is, _PART_STEPS)
    after = (When(status=status, then=Value(it_is)) for status, it_is in becomes.items())
    was = When(status__in=list(becomes), then=F("status"))
    return {"status": Case(*after, default=F("status")), "before": Case(was, default=F("before"))}


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Parts in tasks, by where they stand at a moment."""

    def open_(self, at: datetime) -> Self:
        """Return the offers that can be answered."""
        return self.filter(is_open(at))

    def taking_part(self, at: datetime) -> Self:
        """Return the parts, with a place or in the reserve, in tasks that go on."""
        return self.filter(takes_part(at))

    def holding_place(self) -> Self:
        """Return the parts that have one of the places of their task."""
        return self.filter(status__in=AssignmentStatus.holding_place())

    def in_reserve(self) -> Self:
        """Return the parts that wait for a place."""
        return self.filter(status=AssignmentStatus.RESERVE)

    def live(self) -> Self:
        """Return the parts that a change of the task concerns."""
        return self.filter(status__in=AssignmentStatus.live())

    def open_or_yet_to_begin(self, at: datetime) -> Self:
        """Return the offers that can be answered, and the parts in tasks that have not started."""
        has_time = Q(status__in=AssignmentStatus.taking_part()) & yet_to_begin(at, "task__")
        return self.filter(is_open(at) | has_time)


def is_open(at: datetime) -> Q:
    """Return the condition on parts of being an offer that can be answered."""
    return Q(status__in=AssignmentStatus.unanswered()) & takes_answers(at, "task__")


def takes_part(at: datetime) -> Q:
    """Return the condition on parts of having a place, or one in the reserve, in a task that goes on."""
    return Q(status__in=AssignmentStatus.taking_part()) & under_way(at, "task__")


@dataclass(frozen=True, slots=True)
class Came:
    """By which way an answer came, and how and when its volunteer took note of the risks.

    `noted_by` is the leader who noted what the volunteer said. When a desk's list was signed stands with that list.
    """

    way: AnswerWay = AnswerWay.DEVICE
    notice: NoticeWay | Literal[""] = ""
    notice_at: datetime | None = None
    noted_by: User | None = None


BY_DEVICE = Came()


class Assignment(models.Model):
    """One volunteer's part in a task; status lives here and nowhere else.

    A call-out inserts thousands of rows at once, so each column has only the indexes that constraints and queries need.
    The database does not check the foreign keys: the statement takes them from rows that it reads, and checking them
    took more time than all the rest (docs/adr/0009).
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
    way = models.CharField(
        max_length=12,
        choices=AnswerWay.choices,
        blank=True,
        default="",
        db_default="",
        help_text="by which way the answer came; empty: not answered, or answered before this was noted",
    )
    notice = models.CharField(
        max_length=12,
        choices=NoticeWay.choices,
        blank=True,
        default="",
        db_default="",
        help_text="how the volunteer took note of the risks",
    )
    noted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="the leader who noted the answer as the volunteer said it; null: the volunteer's own",
    )
    own_since = models.DateTimeField(
        null=True,
        help_text="when the volunteer took as their own what a leader had noted; null: since the answer, or never",
    )

    ANSWERED: ClassVar = (
        *("status", "before", "answered_at", "eta_at", "reason", "risk_acknowledged_at"),
        *("way", "notice", "noted_by_id", "own_since"),
    )
    """The columns that an answer writes."""

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "volunteer"], name="assignment_once")]
        indexes = [
            # For moving up the first of the reserve; it holds nothing of a call-out that has just begun.
            models.Index(
                fields=["task", "answered_at"], condition=Q(status="reserve"), name="assignment_reserve"
            )
        ]

    @property
    def holds_place(self) -> bool:
        """Tell whether the volunteer has one of the task's places."""
        return self.status in AssignmentStatus.holding_place()

    @property
    def takes_part(self) -> bool:
        """Tell whether the volunteer has said yes, and has a place or waits for one."""
        return self.status in AssignmentStatus.taking_part()

    @property
    def is_own(self) -> bool:
        """Tell whether the volunteer has answered themself, and not a leader, the clock, or no person yet."""
        by_clock = self.status == AssignmentStatus.DECLINED and self.before
        return self.answered_at is not None and self.noted_by_id is None and not by_clock

    def accept(
        self,
        *,
        at: datetime,
        is_full: bool,
        eta_at: datetime | None = None,
        reason: str = "",
        came: Came = BY_DEVICE,
    ) -> None:
        """Take a place, or one in the reserve of a task that `is_full`: an offer, or what was declined before."""
        self._become(AssignmentStatus.RESERVE if is_full else AssignmentStatus.ACCEPTED)
        self.before, self.answered_at, self.reason, self.eta_at = "", at, reason, eta_at
        self._note_way(came)

    def make_own(self, *, at: datetime, eta_at: datetime | None, came: Came) -> None:
        """Let a yes that a leader has noted be the volunteer's own from now on; its turn in the reserve stays."""
        self.eta_at = eta_at or self.eta_at
        self._note_way(came)
        self.own_since = at

    def decline(self, *, at: datetime, reason: str = "", came: Came | None = BY_DEVICE) -> None:
        """Say no to an offer; None: the clock does so for a volunteer who is no longer in service."""
        self._answer_no(AssignmentStatus.unanswered(), at, reason, came)

    def give_back(self, *, at: datetime, reason: str = "", came: Came | None = BY_DEVICE) -> None:
        """Give back a place, or one in the reserve; None: the clock does so for a volunteer out of service."""
        self._answer_no(AssignmentStatus.taking_part(), at, reason, came)

    def move_up(self) -> None:
        """Take, from the reserve, a place that was given back."""
        before = self.status
        self._become(AssignmentStatus.ACCEPTED, among=(AssignmentStatus.RESERVE,))
        self.before = before

    def _answer_no(
        self, among: Collection[AssignmentStatus], at: datetime, reason: str, came: Came | None
    ) -> None:
        before = self.status
        self._become(AssignmentStatus.DECLINED, among=among)
        self.before, self.answered_at, self.reason = "" if came else before, at, reason
        self.eta_at = None
        self._note_way(came)

    def _note_way(self, came: Came | None) -> None:
        """Keep by which way the answer came, and with it how and when the volunteer took note of the risks."""
        self.way, self.noted_by = (came.way, came.noted_by) if came else ("", None)
        self.notice, self.risk_acknowledged_at = (came.notice, came.notice_at) if came else ("", None)
        self.own_since = None

    def _become(self, to: AssignmentStatus, *, among: Collection[AssignmentStatus] = _PART_STEPS) -> None:
        """Come to a status, from one `among` these; raises IllegalChange."""
        before = AssignmentStatus(self.status)
        self.status = stepped(self, before, to, _PART_STEPS if before in among else {})
