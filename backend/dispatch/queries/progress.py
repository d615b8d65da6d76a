"""How tasks stand: counts by state, and the leader's list of people."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Substr

from backend.dispatch.models import Assignment, AssignmentStatus, Task
from backend.dispatch.schemas import Progress, Recipient, RecipientPage, RecipientState, UnitProgress
from backend.realtime.models import Receipt
from backend.volunteers.models import Unit
from backend.volunteers.queries import unit_outs
from backend.volunteers.queries.masking import shown
from backend.volunteers.rules import within

PAGE = 50
NOT_REACHED, DELIVERED, SEEN = 0, 1, 2

Standing = Counter[tuple[str, int]]
"""People by assignment status and how far the offer has reached them."""


def progress_of(tasks: Iterable[Task]) -> dict[UUID, Progress]:
    """Return the progress of each task; one query however many."""
    given = list(tasks)
    standings = _standings(Assignment.objects.filter(task__in=given), "task_id")
    return {task.pk: _progress(task, standings[task.pk]) for task in given}


def unit_progress(task: Task, parent: Unit) -> list[UnitProgress]:
    """Return the progress within each direct sub-unit of `parent` that has someone asked, in the order of the tree.

    Those asked as members of `parent` itself are a line of their own. Two queries, three with the units' parents.
    """
    branch = Substr("unit__path", 1, len(parent.path) + Unit.steplen)
    below = task.assignments.filter(within(parent.path, "unit__path")).annotate(branch=branch)
    standings = _standings(below, "branch")
    units = list(Unit.objects.filter(path__in=list(standings)).order_by("path"))
    return [
        UnitProgress(unit=shape, progress=_progress(task, standings[unit.path]))
        for unit, shape in zip(units, unit_outs(units), strict=True)
    ]


def recipients(task: Task, *, state: RecipientState | None = None, after: int = 0) -> RecipientPage:
    """Return up to 50 lines of the list of those asked, by number; `after` is the last number of the page before."""
    rows = with_reach(task.assignments.filter(volunteer__number__gt=after))
    if state:
        rows = rows.filter(_in_state(state))
    page = list(rows.select_related("volunteer__user", "unit").order_by("volunteer__number")[: PAGE + 1])
    items = [_recipient(row) for row in page[:PAGE]]
    return RecipientPage(items=items, next=items[-1].volunteer if len(page) > PAGE else None)


def with_reach(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Add `reach` to each row: 0 the offer has not arrived on any phone, 1 it has, 2 its person has seen it.

    Read from the receipt on the topic through which the offer was sent: one look into a unique index a row.
    """
    receipt = Receipt.objects.filter(topic=OuterRef("through__topic"), person=OuterRef("volunteer__number"))
    reach = Case(
        When(seen__gte=OuterRef("through__seq"), then=Value(SEEN)),
        When(delivered__gte=OuterRef("through__seq"), then=Value(DELIVERED)),
        default=Value(NOT_REACHED),
    )
    found = Subquery(receipt.annotate(reach=reach).values("reach")[:1])
    return assignments.annotate(reach=Coalesce(found, Value(NOT_REACHED)))


def _standings(assignments: QuerySet[Assignment], key: str) -> defaultdict[Any, Standing]:
    """Return how people stand in each group of `key`, in one query whose rows are states, not people."""
    found: defaultdict[Any, Standing] = defaultdict(Counter)
    rows = with_reach(assignments).order_by().values_list(key, "status", "reach").annotate(people=Count("pk"))
    for group, status, reach, people in rows:
        found[group][status, reach] += people
    return found


def _progress(task: Task, standing: Standing) -> Progress:
    by_status: Counter[str] = Counter()
    for (status, _), people in standing.items():
        by_status[status] += people
    not_reached = standing[AssignmentStatus.OFFERED, NOT_REACHED]
    return Progress(
        headcount=task.headcount,
        offered=standing.total(),
        delivered=sum(people for (_, reach), people in standing.items() if reach >= DELIVERED),
        seen=sum(people for (_, reach), people in standing.items() if reach >= SEEN),
        accepted=by_status[AssignmentStatus.ACCEPTED],
        reserve=by_status[AssignmentStatus.RESERVE],
        declined=by_status[AssignmentStatus.DECLINED],
        expired=by_status[AssignmentStatus.EXPIRED],
        silent=by_status[AssignmentStatus.OFFERED] - not_reached,
        not_reached=not_reached,
    )


def _in_state(state: RecipientState) -> Q:
    if state == "silent":
        return Q(status=AssignmentStatus.OFFERED, reach__gte=DELIVERED)
    if state == "not_reached":
        return Q(status=AssignmentStatus.OFFERED, reach=NOT_REACHED)
    return Q(status=state)


def _recipient(row: Any) -> Recipient:
    """Return one line; `row` is an assignment with its reach, its volunteer's account and its unit."""
    state = cast(RecipientState, row.status)
    if row.status == AssignmentStatus.OFFERED:
        state = "silent" if row.reach >= DELIVERED else "not_reached"
    phone = row.volunteer.user.phone or ""
    return Recipient(
        volunteer=row.volunteer.number,
        name=row.volunteer.name,
        phone=shown(phone, whole=state == "not_reached"),
        unit=row.unit.number,
        unit_name=row.unit.display_name,
        state=state,
        delivered=row.reach >= DELIVERED,
        seen=row.reach >= SEEN,
        answered_at=row.answered_at,
        eta_at=row.eta_at,
        reason=row.reason,
    )
