"""Which of those asked the issuers of a task see, where partners keep their people to themselves."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Left

from backend.dispatch.models import Assignment, AssignmentStatus, Task
from backend.dispatch.queries.reach import UNHEARD
from backend.dispatch.rules import is_open_to
from backend.volunteers.models import Post, Unit
from backend.volunteers.models.posts import PostQuerySet
from backend.volunteers.rules import within


def seen_by_issuers(task: Task, at: datetime) -> Q:
    """Return the condition, on assignments with their reach, that the issuers of the task see the person.

    Of people whom a partner keeps to itself these are, until the task is over: those who take part, and those who have
    to be phoned, once the partner's leader had time for it or when it has none.
    """
    partner, depth = task.unit.path[: task.unit.closed_depth * Unit.steplen], task.unit.closed_depth
    is_open = Q(unit__closed_depth=0)
    if partner:
        is_open |= Q(within(partner, "unit__path"), unit__closed_depth=depth)
    if at >= task.over_at:
        return is_open
    left_to_issuer = Q(told__at__lte=at - settings.MUSTER.left_to_partner) | ~Q(Exists(_leaders(at)))
    return is_open | Q(status__in=AssignmentStatus.taking_part()) | UNHEARD & left_to_issuer


def _leaders(at: datetime) -> PostQuerySet:
    """Return the posts that look after the partner of an outer row's unit."""
    partner = Left(OuterRef("unit__path"), OuterRef("unit__closed_depth") * Value(Unit.steplen))
    return Post.objects.in_force(at).managing().filter(unit__path=partner)


def is_shown(task: Task, part: Assignment) -> bool:
    """Tell whether the issuers may be told of a part, read with its unit, that has changed."""
    return part.takes_part or is_open_to(task.unit.path, part.unit.path, part.unit.closed_depth)
