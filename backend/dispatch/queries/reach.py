"""How far the last event that concerned a volunteer has come, and how urgent it is to phone."""

from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from backend.dispatch.events import AssignmentChanged, TaskCalled
from backend.dispatch.models import Assignment, AssignmentStatus
from backend.realtime.queries import receipts_at
from backend.volunteers.models import Volunteer

NOT_REACHED, DELIVERED, SEEN = 0, 1, 2
UNHEARD = Q(reach=NOT_REACHED, heard=False)
"""The condition, of rows with their reach, of having to be phoned."""

_OWN_PART = (TaskCalled.event_type, AssignmentChanged.event_type)
"""The events about the volunteer's own part: a volunteer who has answered since knows of them."""
_HAS_HEARD = Q(before="", status=AssignmentStatus.DECLINED) | Q(
    before="", answered_at__isnull=False, told__event__in=_OWN_PART
)
_PLACES = AssignmentStatus.holding_place()
_HAD_A_PLACE, _WAS_RESERVE = (
    Q(status__in=states) | Q(before__in=states) & ~Q(status__in=_PLACES)
    for states in (_PLACES, AssignmentStatus.taking_part() - _PLACES)
)


def with_reach(assignments: QuerySet[Assignment]) -> QuerySet[Any]:
    """Add `reach` and `heard` to each row.

    `reach`: 0 the last event that concerned the volunteer has not arrived on any phone, 1 it has, 2 it was seen. Read
    from the receipt on the topic on which it was told: one look into a unique index a row. `heard`: the volunteer has
    answered since, and knows of it.
    """
    receipt = receipts_at(topic=OuterRef("told__topic"), person=OuterRef("volunteer__number"))
    reach = Case(
        When(seen__gte=OuterRef("told__seq"), then=Value(SEEN)),
        When(delivered__gte=OuterRef("told__seq"), then=Value(DELIVERED)),
        default=Value(NOT_REACHED),
    )
    found = Subquery(receipt.annotate(reach=reach).values("reach")[:1])
    heard = ExpressionWrapper(_HAS_HEARD, BooleanField())
    return assignments.annotate(reach=Coalesce(found, Value(NOT_REACHED)), heard=heard)


def by_urgency(with_it: QuerySet[Any]) -> QuerySet[Any]:
    """Add `place` to rows with their reach, by which a list is sorted and paged: by number, but first those to phone.

    To phone are volunteers not reached by the last event: first those who have or had a place, then the reserve. What
    has reached the others is not looked at: there may be thousands of them.
    """
    rank = Case(
        When(~(_HAD_A_PLACE | _WAS_RESERVE) | _HAS_HEARD, then=Value(2)),
        When(reach__gt=NOT_REACHED, then=Value(2)),
        When(_HAD_A_PLACE, then=Value(0)),
        default=Value(1),
    )
    placed: QuerySet[Any] = with_it.annotate(place=rank * Value(10**8) + F("volunteer__number"))
    return placed


def unheard_on(topic: str, volunteer: Volunteer) -> list[Assignment]:
    """Return a volunteer's parts whose last event was told on a topic and has not arrived."""
    parts = Assignment.objects.filter(volunteer=volunteer, told__topic=topic)
    waiting = with_reach(parts).filter(UNHEARD)
    return list(waiting.select_related("volunteer", "told").order_by("pk"))
