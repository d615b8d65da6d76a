"""What a volunteer was asked: everything that is open, whatever its number, and page by page what has ended."""

from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.dispatch.models import Assignment, is_open, shown_since, takes_part
from backend.dispatch.queries.tasks import task_outs
from backend.dispatch.schemas import AssignmentOut, Inbox, Offer
from backend.lib.errors import NotFound

MOST_OPEN, ENDED = 1_000, 100
"""Open offers, and ended ones, that one page holds."""
ENDED_IS_RECENT = timedelta(days=7)

Part = Literal["open", "ended"]


def inbox_of(person: int, *, after: str = "", through: str = "", at: datetime) -> Inbox:
    """Return a page of what a volunteer was asked: the open ones, then those that ended within a week, newest first.

    An open offer waits for an answer, or was accepted and is not over. The first page holds all open ones and up to 100
    that ended; the next pages hold older ones. Only a volunteer with more than 1,000 open ones finds them on several
    pages. `after` is the `next` of the page before. `through` is the number of a called unit: offers through other
    units are left out. Three queries, one more with `after`. Raises NotFound when `after` names no offer of theirs.
    """
    mine = Assignment.objects.filter(volunteer__number=person)
    if through:
        mine = mine.filter(through__unit__number=through)
    part, older = _position(mine, after)
    still, recent = is_open(at) | takes_part(at), shown_since(at - ENDED_IS_RECENT, "task__")
    found = _first(mine.filter(still, older), MOST_OPEN + 1) if part == "open" else []
    if len(found) > MOST_OPEN:
        return _page(found[:MOST_OPEN], "open")
    of_ended = older if part == "ended" else Q()
    ended = _first(mine.filter(~still, recent, of_ended), ENDED + 1)
    return _page([*found, *ended[:ENDED]], "ended" if len(ended) > ENDED else None)


def _position(mine: QuerySet[Assignment], after: str) -> tuple[Part, Q]:
    """Return in which part of the list a page begins, and the condition of coming after the page before."""
    if not after:
        return "open", Q()
    part, _, task = after.partition(".")
    last = mine.filter(task=UUID(task)).values_list("offered_at", "pk").first()
    if last is None:
        raise NotFound
    offered_at, pk = last
    return cast(Part, part), Q(offered_at__lt=offered_at) | Q(offered_at=offered_at, pk__lt=pk)


def _first(parts: QuerySet[Assignment], many: int) -> list[Assignment]:
    read = parts.select_related("task__unit", "volunteer", "noted_by__volunteer")
    return list(read.order_by("-offered_at", "-pk")[:many])


def _page(assignments: list[Assignment], goes_on: Part | None) -> Inbox:
    tasks = task_outs(assignment.task for assignment in assignments)
    items = [
        Offer(task=task, assignment=AssignmentOut.of(assignment))
        for task, assignment in zip(tasks, assignments, strict=True)
    ]
    return Inbox(items=items, next=f"{goes_on}.{items[-1].task.id}" if goes_on else None)
