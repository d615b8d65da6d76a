"""Finds the volunteers who were asked to take part in a task, and the topics on which they hear of it."""

from collections import defaultdict
from typing import NamedTuple

from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, OuterRef, Q, Value
from django.db.models.functions import Concat

from backend.dispatch.models import Assignment, CallOut, Task
from backend.volunteers.models import Membership, Unit, not_retired


class Part(NamedTuple):
    """One volunteer's part in a task, as far as telling them needs it."""

    key: int
    number: int
    status: str
    through: int


def parts_by_topic(task: Task) -> dict[str, list[Part]]:
    """Return the parts of all volunteers who were asked, by the topic on which they hear of the task; one query.

    It is the topic on which the offer was sent. For a volunteer who has left that unit since, or whose unit was
    retired, it is the person's own topic.
    """
    below = Concat("through__unit__path", Value("Z" * Unit.steplen), output_field=CharField())
    belongs = Membership.objects.filter(
        volunteer=OuterRef("volunteer"),
        unit__path__gte=OuterRef("through__unit__path"),
        unit__path__lte=OuterRef("below"),
    )
    hears = ExpressionWrapper(not_retired("through__unit__") & Q(Exists(belongs)), BooleanField())
    rows = task.assignments.annotate(below=below).annotate(hears=hears).order_by("pk")
    columns = ("through__topic", "hears", "pk", "volunteer__number", "status", "through")
    found: defaultdict[str, list[Part]] = defaultdict(list)
    for topic, is_there, *part in rows.values_list(*columns):
        one = Part(*part)
        found[topic if is_there else f"person.{one.number:08d}"].append(one)
    return dict(found)


def asked_by_topic(task: Task) -> dict[str, list[int]]:
    """Return the numbers of all volunteers who were asked, by the topic on which they hear of the task; one query."""
    return {topic: [part.number for part in parts] for topic, parts in parts_by_topic(task).items()}


def asked_in(call_out: CallOut) -> dict[int, list[int]]:
    """Return the numbers of those asked by this call-out, by its notices (their keys); one query."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    asked = Assignment.objects.filter(task=call_out.task_id, through__call_out=call_out).order_by("pk")
    for through, number in asked.values_list("through", "volunteer__number"):
        found[through].append(number)
    return dict(found)
