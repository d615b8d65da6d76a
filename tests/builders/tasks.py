"""Builds tasks and parts in them, as rows alone: no phone is told of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, SubFactory
from factory.django import DjangoModelFactory
from uuid6 import uuid7

from backend.dispatch.models import Assignment, CallOut, Notice, Task, TaskStatus


class TaskFactory(DjangoModelFactory[Task]):
    """A task of `unit` that was called out by `created_by`: two people for a patrol, answers within an hour."""

    class Meta:
        model = Task

    class Params:
        at = LazyFunction(lambda: datetime.now(UTC).replace(microsecond=0))

    id = LazyFunction(uuid7)
    category = "patrol"
    title = "Evening patrol"
    lon = 119.9
    lat = 29.4
    created_at = SelfAttribute("at")
    starts_at = LazyAttribute(lambda task: task.at + timedelta(hours=2))
    answer_by = LazyAttribute(lambda task: task.at + timedelta(hours=1))
    headcount = 2
    status = TaskStatus.CALLED


class CallOutFactory(DjangoModelFactory[CallOut]):
    """A call-out of `task`, at its making, by its maker."""

    class Meta:
        model = CallOut

    id = LazyFunction(uuid7)
    by = SelfAttribute("task.created_by")
    at = SelfAttribute("task.created_at")


class NoticeFactory(DjangoModelFactory[Notice]):
    """The notice of a call-out of `task` to `unit`, the task's own unless another is given."""

    class Meta:
        model = Notice

    task: Any = None
    unit = SelfAttribute("task.unit")
    call_out = SubFactory(CallOutFactory, task=SelfAttribute("..task"))
    event = "task.called"
    at = SelfAttribute("task.created_at")
    topic = SelfAttribute("unit.topic")


class AssignmentFactory(DjangoModelFactory[Assignment]):
    """A part of `volunteer` in `task`, offered through the notice `through`."""

    class Meta:
        model = Assignment

    task: Any = None
    unit = SelfAttribute("task.unit")
    through = SubFactory(NoticeFactory, task=SelfAttribute("..task"), unit=SelfAttribute("..unit"))
    told = SelfAttribute("through")
    offered_at = SelfAttribute("task.created_at")
