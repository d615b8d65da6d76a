"""The leader's list of people: those to phone first."""

from typing import Any

from django.db.models import Q

from backend.dispatch.models import AssignmentStatus, Task
from backend.dispatch.queries.reach import (
    DELIVERED,
    NOT_REACHED,
    SEEN,
    UNHEARD,
    by_urgency,
    with_reach,
)
from backend.dispatch.schemas import RECIPIENTS, Recipient, RecipientPage, RecipientState, noted_by
from backend.volunteers.queries.masking import shown


def recipients(
    task: Task, *, state: RecipientState | None = None, after: int = 0, limit: int = RECIPIENTS
) -> RecipientPage:
    """Return up to `limit` lines of the list of those asked, by number.

    First come volunteers to phone, not reached by the last event: those who have or had a place, then the reserve.
    `after` is the `next` of the page before.
    """
    rows = by_urgency(with_reach(task.assignments.all())).filter(place__gt=after)
    if state:
        rows = rows.filter(_in_state(state))
    rows = rows.select_related("volunteer__user", "unit", "told", "noted_by__volunteer")
    page = list(rows.order_by("place")[: limit + 1])
    is_last = len(page) <= limit
    return RecipientPage(
        items=[_recipient(row) for row in page[:limit]], next=None if is_last else str(page[limit - 1].place)
    )


def _in_state(state: RecipientState) -> Q:
    if state == RecipientState.SILENT:
        return Q(status__in=AssignmentStatus.unanswered(), reach__gte=DELIVERED)
    if state == RecipientState.NOT_REACHED:
        return UNHEARD
    return Q(status=state)


def _recipient(row: Any) -> Recipient:
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
