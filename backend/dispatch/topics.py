"""The topic of a task, the offers in a person's inbox, and who is tracked while taking part."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce

from backend.accounts.models import User
from backend.dispatch import queries
from backend.dispatch.models import Assignment, Task, around, lasts
from backend.dispatch.rules import is_open_to
from backend.dispatch.schemas import Inbox, Progress, TaskDetail
from backend.lib.clock import now
from backend.lib.errors import NotFound
from backend.lib.lookups import AnyOf
from backend.realtime.registry import (
    Pairs,
    Principal,
    Tallied,
    snapshot,
    tally,
    topic,
)
from backend.tracking.agreement import agreed_since, not_agreed_until
from backend.tracking.models import scope_of
from backend.tracking.sources import tracked_earlier, tracking, withheld
from backend.tracking.windows import Tracked, Window
from backend.volunteers.models import in_service, is_serving, shows
from backend.volunteers.rules import agrees_to_location, seen_by_posts

ABOUT_TO_BEGIN = timedelta(minutes=30)
"""How long before a task its people report as often as on it: their leader watches them come."""


def may_join_tasks(pairs: Pairs) -> list[bool]:
    """Tell for many people and tasks what `may_join_task` tells for one; two queries."""
    tasks = {task: id for _, id in pairs if (task := _id_of(id))}
    rows = Task.objects.filter(pk__in=tasks).values_list("pk", "unit__path", "unit__closed_depth")
    places = {tasks[task]: (path, closed) for task, path, closed in rows}
    seen = seen_by_posts({principal.user_id for principal, _ in pairs}, now())
    return [
        id in places and any(shows(above, *places[id]) for above in seen.get(principal.user_id, ()))
        for principal, id in pairs
    ]


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@topic("task", many=may_join_tasks)
def may_join_task(principal: Principal, id: str) -> bool:
    """Those who may dispatch the unit that asks."""
    try:
        queries.task_for(User(pk=principal.user_id), UUID(id), at=now())
    except (ValueError, NotFound):
        return False
    return True


@snapshot("task", "task", shape=TaskDetail)
def task(principal: Principal, id: str) -> dict[str, Any]:
    """Return the task with its progress, as `GET /tasks/{id}` returns it."""
    found = queries.task_for(User(pk=principal.user_id), UUID(id), at=now())
    return queries.task_details([found])[0].model_dump(mode="json")


@tally("task", type="task.counts", shape=Progress)
def counts(ids: Collection[str]) -> Mapping[str, Tallied]:
    """How many stand where, and how far they have heard: the `progress` of `GET /tasks/{id}`, whenever it has changed.

    Sent to the task's issuers right after they have joined its topic, then at most twice a second.
    """
    found = queries.counts_of(map(UUID, ids))
    return {id: Tallied(*found[UUID(id)]) for id in ids if UUID(id) in found}


@snapshot("person", "offers", shape=Inbox)
def offers(_: Principal, id: str) -> dict[str, Any]:
    """Return the first page of what this person was asked, as `GET /me/inbox` returns it."""
    return queries.inbox_of(int(id), at=now()).model_dump(mode="json")


def offers_through_all(pairs: Pairs) -> list[dict[str, Any]]:
    """Return what many people were asked through units; one query as far as they were asked nothing."""
    asked = set(
        Assignment.objects.filter(
            volunteer__number__in={principal.person for principal, _ in pairs},
            through__unit__number__in={id for _, id in pairs},
        ).values_list("volunteer__number", "through__unit__number")
    )
    nothing = Inbox(items=[], next=None).model_dump(mode="json")
    return [
        offers_through(principal, id) if (principal.person, id) in asked else nothing
        for principal, id in pairs
    ]


@snapshot("unit", "offers", shape=Inbox, within="person", many=offers_through_all)
def offers_through(principal: Principal, id: str) -> dict[str, Any]:
    """Return what this person was asked through this unit: what the events of its topic would have told."""
    return queries.inbox_of(principal.person, through=id, at=now()).model_dump(mode="json")


@tracking
def taking_part(people: Iterable[int], at: datetime) -> Mapping[int, Tracked]:
    """Return those of `people` who have accepted a task around its time, with the scope of the unit they were asked in.

    A person whose partner keeps its people to itself is in the scope of the unit that asks: its issuers see them.

    They agree to being located, or the task names a legal basis for locating them without consent. For this purpose a
    task ends like duty, after the maximum length of duty; and it does not begin days before.
    """
    rows = _parts(at, at).filter(AnyOf(F("volunteer__number"), people), is_serving("volunteer__"))
    columns = ("volunteer__number", *_OF_UNIT, *(f"task__{column}" for column in _OF_UNIT), *_SINCE)
    found = rows.order_by("-task__starts_at").values_list(*columns)
    return {
        number: Tracked(
            scope=scope_of(
                *((path, closed) if is_open_to(asking, path, closed) else (asking, asking_closed))
            ),
            since=_since(own_at, starts_at, agreed_at, based_at),
            every_s=settings.MUSTER.position_every_on_task_s if starts_at - at <= ABOUT_TO_BEGIN else None,
        )
        for number, path, closed, asking, asking_closed, own_at, starts_at, agreed_at, based_at in found
    }


@tracked_earlier
def took_part(people: Iterable[int], since: datetime, at: datetime) -> Mapping[int, list[Window]]:
    """Return when `people` were on tasks that they accepted and did not give back, between `since` and `at`.

    As far as they agree to being located, or the task names a legal basis; not after they were suspended or retired.
    """
    rows = _parts(since, at).filter(volunteer__number__in=list(people))
    left_at = Case(When(~in_service("volunteer__"), then=F("volunteer__standing_since")))
    found: dict[int, list[Window]] = {}
    for number, left, own_at, starts_at, agreed_at, based_at in rows.annotate(left_at=left_at).values_list(
        "volunteer__number", "left_at", *_SINCE
    ):
        began, until = _since(own_at, starts_at, agreed_at, based_at), starts_at + lasts()
        until = min(until, left) if left else until
        if began < until:
            found.setdefault(number, []).append(Window(began, until))
    return found


@withheld
def took_part_without_consent(
    people: Iterable[int], since: datetime, at: datetime
) -> Mapping[int, list[Window]]:
    """Return when `people` were on tasks that name no legal basis, as far as they had not agreed to being located."""
    agreed = Case(When(agrees_to_location("volunteer__"), then=F("volunteer__location_consent_at")))
    rows = _accepted(since, at).filter(volunteer__number__in=list(people), task__legal_basis_at__isnull=True)
    found: dict[int, list[Window]] = {}
    columns = ("volunteer__number", "own_at", "task__starts_at", "agreed_at")
    for number, own_at, starts_at, agreed_at in rows.annotate(agreed_at=agreed).values_list(*columns):
        began = max(own_at, starts_at - lasts())
        if (until := not_agreed_until(began, starts_at + lasts(), agreed_at)) > began:
            found.setdefault(number, []).append(Window(began, until))
    return found


_OF_UNIT = ("unit__path", "unit__closed_depth")
_SINCE = ("own_at", "task__starts_at", "agreed_at", "task__legal_basis_at")
"""What `_since` takes."""


def _parts(since: datetime, until: datetime) -> QuerySet[Assignment]:
    """Return the accepted parts in tasks around some moment from `since` to `until`, of those who may be located."""
    agrees = agrees_to_location("volunteer__")
    parts = _accepted(since, until).filter(agrees | Q(task__legal_basis_at__isnull=False))
    return parts.annotate(agreed_at=Case(When(agrees, then=F("volunteer__location_consent_at"))))


def _accepted(since: datetime, until: datetime) -> QuerySet[Assignment]:
    """Return the parts that the volunteers accepted themselves in tasks around some moment from `since` to `until`.

    A yes that a leader has noted has no person located. Each comes with `own_at`, since when it is the volunteer's own.
    """
    near = around(since, until, "task__")
    own = Assignment.objects.holding_place().filter(near, answered_at__isnull=False, noted_by=None)
    return own.annotate(own_at=Coalesce("own_since", "answered_at"))


def _since(
    own_at: datetime, starts_at: datetime, agreed_at: datetime | None, based_at: datetime | None
) -> datetime:
    """Return since when a volunteer on a task is tracked: from the agreement or the legal basis, the earlier one."""
    began = max(own_at, starts_at - lasts())
    return min(agreed_since(began, allowed_at) for allowed_at in (agreed_at, based_at) if allowed_at)
