"""Bounds how many members of other units a caller finds by phone or identity card, and tells of it.

A registration or an import has to say that a person is in the roster already. That is nothing new when the caller's
posts cover the person. Of all other people it tells the caller who belongs to the force. So the others are counted by
the day, each of them can read the look, and their leaders are told. The looks are the count.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil

import prometheus_client
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.accounts.queries import people_of_phone
from backend.accounts.services.phones import PhoneTaken
from backend.lib.afterwards import afterwards
from backend.lib.errors import Allowance, TooMany
from backend.realtime.log import Audience
from backend.volunteers.acts import Acts
from backend.volunteers.events import FoundBy, PeopleFound
from backend.volunteers.models import AccessEntry, LookedAt, Membership, Unit, UnitCount, Volunteer, line_to
from backend.volunteers.queries import dispatched_units
from backend.volunteers.queries.lives import numbers_of_leaders
from backend.volunteers.rules import may_see_person, seen_from, within
from backend.volunteers.services.access_log import note_access

logger = logging.getLogger(__name__)

MOST_FOUND = 100
"""People of other units whom a caller may find in a day."""
SHARE = 100
"""A caller whose posts cover many people may find one for each hundred of them: such rosters are longer."""
DAY = timedelta(days=1)


found_people = prometheus_client.Counter(
    "muster_people_found", "People of other units found by phone or identity card, by how.", ["how"]
)
found_too_many = prometheus_client.Counter(
    "muster_people_found_too_many", "Times that somebody had found as many as a day allows, by how.", ["how"]
)


class TooManyFound(TooMany):
    """You have found as many people of other units as a day allows; ask the unit above."""

    slug = "too-many-found"
    text = _("You have found as many people of other units as a day allows; ask the unit above.")


@contextmanager
def finding(phone: str, *, how: FoundBy, by: User, at: datetime) -> Iterator[None]:
    """Let an act go on that takes a phone. When the phone finds people of other units, it counts, notes and tells.

    A caller who has found as many as a day allows is refused whether or not a person has the phone: so the refusal
    says nothing either. Raises TooManyFound, and passes PhoneTaken on.
    """
    holders = list(Volunteer.objects.filter(user__in=people_of_phone(phone)).order_by("pk")) if phone else []
    others = {holder.pk for holder in holders if not may_see_person(by, holder, at)}
    if phone and (others or not holders):
        today = _found_today(by, at)
        if (not holders or others - today) and len(today) >= most_found(by, at):
            _alarm(how, by, at)
            raise _too_many_found(by, at)
    try:
        yield
    except PhoneTaken:
        if others:
            afterwards(lambda: _note(others, how=how, by=by, at=at))
        raise


def require_finding(by: User | None, at: datetime) -> None:
    """Raise TooManyFound for a caller who has found as many as a day allows, before a file is read."""
    if by is not None and len(_found_today(by, at)) >= most_found(by, at):
        _alarm("import", by, at)
        raise _too_many_found(by, at)


def count_found(found: Collection[int], *, how: FoundBy, by: User, at: datetime) -> None:
    """Count, note and tell which people of other units a caller has found at once.

    Commits by itself: what was found stays noted when the act is given up. Raises TooManyFound when there are more
    people than the day has left.
    """
    today = _found_today(by, at)
    _note(found, how=how, by=by, at=at)
    if len(today.union(found)) > most_found(by, at):
        _alarm(how, by, at)
        raise _too_many_found(by, at)


def most_found(by: User, at: datetime) -> int:
    """Return how many people of other units a caller may find in a day."""
    covered = [within(unit.path) for unit in dispatched_units(by.pk, at=at)]
    counts = UnitCount.objects.filter(Q(*covered, _connector=Q.OR)) if covered else UnitCount.objects.none()
    members = counts.aggregate(sum=Sum("members"))["sum"] or 0
    return max(MOST_FOUND, members // SHARE)


def _too_many_found(by: User, at: datetime) -> TooManyFound:
    """Return the refusal, with the time until the first of the day's finds is forgotten."""
    looks = AccessEntry.objects.filter(viewer=by, what=LookedAt.FOUND, hour__gt=at - DAY)
    first = looks.order_by("hour").values_list("hour", flat=True).first() or at
    limit = Allowance("people-found", most_found(by, at), int(DAY.total_seconds()))
    return TooManyFound(retry_after_s=ceil((first + DAY - at).total_seconds()), limit=limit)


def _found_today(by: User, at: datetime) -> set[int]:
    looks = AccessEntry.objects.filter(viewer=by, what=LookedAt.FOUND, hour__gt=at - DAY)
    return set(looks.values_list("subject", flat=True))


def not_covered(by: User, at: datetime) -> QuerySet[Volunteer]:
    """Return the volunteers whom no post of a caller covers, without the caller."""
    covered = [seen_from(unit.path, "unit__") for unit in dispatched_units(by.pk, at=at)]
    others = Volunteer.objects.exclude(user=by).order_by()
    if not covered:
        return others
    theirs = Membership.objects.filter(Q(*covered, _connector=Q.OR), volunteer=OuterRef("pk"))
    return others.exclude(Exists(theirs))


@transaction.atomic
def _note(people: Collection[int], *, how: FoundBy, by: User, at: datetime) -> None:
    """Note people as found, and tell the leaders of their units, or of the nearest above that have any."""
    note_access(viewer_user_id=by.pk, volunteer_ids=people, what=LookedAt.FOUND, at=at)
    found_people.labels(how).inc(len(people))
    number = f"{by.volunteer.number:08d}"
    with acting(by=by, at=at) as act:
        for unit, count, leaders in _leading(people, at):
            event = PeopleFound(unit=unit.number, people=count, how=how, by=number)
            act.tell(unit.topic, event, Audience(numbers=leaders))


def _leading(people: Collection[int], at: datetime) -> list[tuple[Unit, int, list[int]]]:
    """Return the nearest units with leaders over people's own: each with its number of people, and its leaders."""
    of_people = Membership.objects.filter(volunteer__in=people, is_primary=True)
    paths = list(of_people.values_list("unit__path", flat=True))
    lines = {above for path in paths for above in line_to(path)}
    units = {unit.path: unit for unit in Unit.objects.filter(path__in=lines)}
    leaders = numbers_of_leaders(units.values(), at=at)
    led = {path for path, unit in units.items() if leaders[unit.pk]}
    nearest = Counter(max(led.intersection(line_to(path)), key=len, default="") for path in paths)
    return [(units[path], count, leaders[units[path].pk]) for path, count in sorted(nearest.items()) if path]


def _alarm(how: FoundBy, by: User, at: datetime) -> None:
    """Leave a trace of the bound in the record, the log and the metric; after the act, because the act is refused."""
    found_too_many.labels(how).inc()
    logger.warning(
        "volunteer %s has found as many people of other units as a day allows", by.volunteer.number
    )
    afterwards(lambda: _record_alarm(how, by, at))


@transaction.atomic
def _record_alarm(how: FoundBy, by: User, at: datetime) -> None:
    with acting(by=by, at=at) as act:
        act.record(Acts.PEOPLE_FOUND_TOO_MANY, f"user.{by.pk}", how=how)
