"""Tasks: what is asked, and how long it goes on."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.lib.states import Steps, stepped
from backend.papers.models import Occasion
from backend.volunteers.models import Category, Unit

DANGEROUS = (Category.RESCUE,)
"""Service that asks for insurance, training, an agreement, and the risk notice read; never offered to minors."""


class Severity(models.TextChoices):
    """How grave a task is: it says who is asked, and how loudly."""

    LIFE_AT_STAKE = "life_at_stake", _("Life at stake")
    URGENT = "urgent", _("Urgent")
    NORMAL = "normal", _("Normal")
    NOTICE = "notice", _("Notice")

    @property
    def wakes(self) -> bool:
        """Tell whether people are asked off duty who have agreed to being woken."""
        return self in (Severity.LIFE_AT_STAKE, Severity.URGENT)

    @property
    def asks_planned(self) -> bool:
        """Tell whether people are asked off duty who plan to be available when the task starts."""
        return self != Severity.NOTICE


class LegalBasis(models.TextChoices):
    """Why the positions of those on a task are taken without their consent."""

    VITAL_INTERESTS = "vital_interests", _("Life is at stake")


class TaskStatus(models.TextChoices):
    """Where a task stands; `closed` takes no more answers, and those who accepted carry it out."""

    DRAFT = "draft", _("Draft")
    CALLED = "called", _("Called out")
    CANCELLED = "cancelled", _("Cancelled")
    CLOSED = "closed", _("Closed")

    @classmethod
    def not_closed(cls) -> frozenset["TaskStatus"]:
        """Return the states of tasks for which people can still be asked, or can answer."""
        return frozenset((cls.DRAFT, cls.CALLED))

    @classmethod
    def going_on(cls) -> frozenset["TaskStatus"]:
        """Return the states of tasks that people were asked for, and that were not called off."""
        return frozenset((cls.CALLED, cls.CLOSED))


_TASK_STEPS: Steps[TaskStatus] = {
    TaskStatus.DRAFT: (TaskStatus.CALLED, TaskStatus.CANCELLED),
    TaskStatus.CALLED: (TaskStatus.CALLED, TaskStatus.CLOSED, TaskStatus.CANCELLED),
    TaskStatus.CLOSED: (TaskStatus.CANCELLED,),
    TaskStatus.CANCELLED: (),
}


def lasts() -> timedelta:
    """Return how long a task goes on after it started, for those who take part: as long as a duty at most.

    So long before it starts they may be on their way.
    """
    return settings.MUSTER.max_duty


def _of(path: str, **conditions: object) -> Q:
    """Return conditions on rows that `path` leads to from the rows asked for: `task__`."""
    return Q(**{f"{path}{name}": value for name, value in conditions.items()})


def takes_answers(at: datetime, of: str = "") -> Q:
    """Return the condition on tasks of still taking answers: until `answer_by`, and not at that moment."""
    return _of(of, status=TaskStatus.CALLED, answer_by__gt=at)


def under_way(at: datetime, of: str = "") -> Q:
    """Return the condition on tasks of going on for those who take part, from the call-out on.

    Until `over_at`, and not at that moment: as a duty ends, and a post.
    """
    return _of(of, status__in=TaskStatus.going_on(), starts_at__gt=at - lasts())


def yet_to_begin(at: datetime, of: str = "") -> Q:
    """Return the condition on tasks of going on and not having started: at `starts_at` a task has."""
    return _of(of, status__in=TaskStatus.going_on(), starts_at__gt=at)


def around(since: datetime, until: datetime, of: str = "") -> Q:
    """Return the condition on tasks of having their people located at some moment from `since` to `until`.

    A task's people are located from `lasts()` before it starts on, until it is over.
    """
    return under_way(since, of) & _of(of, starts_at__lte=until + lasts())


def shown_since(moment: datetime, of: str = "") -> Q:
    """Return the condition on tasks of taking answers, or having ended or started at a moment or after."""
    called, ended = _of(of, status=TaskStatus.CALLED), _of(of, ended_at__gte=moment)
    return called | ended | _of(of, starts_at__gte=moment)


class TaskQuerySet(models.QuerySet["Task"]):
    """Tasks, by where they stand at a moment."""

    def under_way(self, at: datetime) -> Self:
        """Return those that go on for those who take part."""
        return self.filter(under_way(at))

    def not_over(self, at: datetime) -> Self:
        """Return those that still need their issuers: drafts, and tasks that take answers or go on."""
        return self.filter(Q(status__in=TaskStatus.not_closed()) | under_way(at))

    def to_be_closed(self, at: datetime) -> Self:
        """Return those that were called out and take no answers any more."""
        return self.called().filter(answer_by__lte=at)

    def called(self) -> Self:
        """Return those that were called out, and neither closed nor called off."""
        return self.filter(status=TaskStatus.CALLED)


class Task(models.Model):
    """Work asked from people. Its id is the client's, so a retry is the same task."""

    id = models.UUIDField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="tasks", help_text="who asks")
    occasion = models.ForeignKey(
        Occasion,
        null=True,
        on_delete=models.PROTECT,
        related_name="tasks",
        help_text="whose collective papers count for it",
    )
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
    severity = models.CharField(
        max_length=14, choices=Severity.choices, default=Severity.NORMAL, db_default=Severity.NORMAL
    )
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
    revision = models.PositiveIntegerField(
        default=0, db_default=0, help_text="how often everyone asked was told; kept under the row's lock"
    )

    objects = TaskQuerySet.as_manager()

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

    @property
    def over_at(self) -> datetime:
        """The moment from which on the task is over for those who take part."""
        return self.starts_at + lasts()

    def call(self) -> list[str]:
        """Note that people were asked, once more or for the first time; returns the columns to save."""
        return self._become(TaskStatus.CALLED)

    def close(self, *, at: datetime) -> list[str]:
        """Take no more answers; returns the columns to save."""
        self.ended_at = at
        return [*self._become(TaskStatus.CLOSED), "ended_at"]

    def cancel(self, *, at: datetime, reason: str) -> list[str]:
        """Call the task off: no place is taken any more; returns the columns to save."""
        self.ended_at, self.end_reason, self.accepted = at, reason, 0
        return [*self._become(TaskStatus.CANCELLED), "ended_at", "end_reason", "accepted"]

    def name_basis(self, basis: str, *, at: datetime) -> list[str]:
        """Locate its people without their consent, or (empty) no longer; returns the columns to save."""
        self.legal_basis, self.legal_basis_at = basis, at if basis else None
        return [*self.revise(), "legal_basis", "legal_basis_at"]

    def revise(self) -> list[str]:
        """Count one more thing that everyone asked is told; returns the columns to save.

        They may be told on several topics, which have no order between them: the number is that order.
        """
        self.revision += 1
        return ["revision"]

    def _become(self, to: TaskStatus) -> list[str]:
        before, self.status = self.status, stepped(self, TaskStatus(self.status), to, _TASK_STEPS)
        # A further call-out is told to those who were not asked before, and to no others.
        return ["status"] if self.status == before else ["status", *self.revise()]
