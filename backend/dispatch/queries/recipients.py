"""The leader's list of people: those to phone first."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from backend.dispatch.models import Assignment, AssignmentStatus, Task, under_way
from backend.dispatch.queries.kept import seen_by_issuers
from backend.dispatch.queries.reach import (
    DELIVERED,
    NOT_REACHED,
    SEEN,
    UNHEARD,
    by_urgency,
    with_reach,
)
from backend.dispatch.schemas import (
    RECIPIENTS,
    Recipient,
    RecipientPage,
    RecipientState,
    ToPhone,
    noted_by,
)
from backend.volunteers.models import Unit
from backend.volunteers.queries.masking import shown
from backend.volunteers.rules import seen_from

READ_WITH = ("volunteer__user", "unit", "told", "noted_by__volunteer")
TO_PHONE = 200
"""People on a unit's list of those to phone."""


def recipients(
    task: Task,
    *,
    at: datetime,
    state: RecipientState | None = None,
    after: int = 0,
    limit: int = RECIPIENTS,
) -> RecipientPage:
    """Return up to `limit` lines of the list of those asked, by number, without those whom partners keep to themselves.

    First come volunteers to phone, not reached by the last event: those who have or had a place, then the reserve.
    `after` is the `next` of the page before.
    """
    rows = by_urgency(with_reach(task.assignments.all()))
    if state:
        rows = rows.filter(_in_state(state))
    seen = rows.filter(seen_by_issuers(task, at), place__gt=after).order_by("place")
    page = list(seen.select_related(*READ_WITH)[: limit + 1])
    is_last = len(page) <= limit
    return RecipientPage(
        items=[recipient(row) for row in page[:limit]],
        next=None if is_last else str(page[limit - 1].place),
        kept=rows.filter(unit__closed_depth__gt=0).exclude(seen_by_issuers(task, at)).count(),
    )


def to_phone_in(unit: Unit, *, at: datetime) -> list[ToPhone]:
    """Return the people of a unit and below whom the last event of a task under way has not reached, oldest first.

    At most 200; whichever unit asks.
    """
    parts = Assignment.objects.live().filter(under_way(at, "task__"), seen_from(unit.path, "unit__"))
    rows = with_reach(parts).filter(UNHEARD).select_related("task", *READ_WITH)
    return [
        ToPhone(task=row.task_id, title=row.task.title, severity=row.task.severity, person=recipient(row))
        for row in rows.order_by("told__at", "pk")[:TO_PHONE]
    ]


def _in_state(state: RecipientState) -> Q:
    if state == RecipientState.SILENT:
        return Q(status__in=AssignmentStatus.unanswered(), reach__gte=DELIVERED)
    if state == RecipientState.NOT_REACHED:
        return UNHEARD
    return Q(status=state)


def recipient(row: Any) -> Recipient:
    """Return one line; `row` is an assignment with its reach, its volunteer's account, its unit and what was told."""
    if row.status in AssignmentStatus.unanswered():
        state = RecipientState.SILENT if row.reach >= DELIVERED else RecipientState.NOT_REACHED
    else:
        state = RecipientState(row.status)
    not_reached = row.reach == NOT_REACHED and not row.heard
    return Recipient(
        volunteer=row.volunteer.number,
        name=row.volunteer.name,
        phone=shown(row.volunteer.user.phone or "", whole=not_reached),
        unit=row.unit.number,
        unit_name=row.unit.display_name,
        state=state,
        before=row.before or None,
        told=row.told.event,
        told_at=row.told.at,
        delivered=row.reach >= DELIVERED,
        seen=row.reach >= SEEN,
        not_reached=not_reached,
        answered_at=row.answered_at,
        eta_at=row.eta_at,
        reason=row.reason,
        way=row.way or None,
        noted_by=noted_by(row),
    )
