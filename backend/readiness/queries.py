"""Reads what is said of waking people, and who may be asked off duty."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from pydantic import JsonValue

from backend.lib.local_clock import LocalMinute, LocalWeekday
from backend.readiness.models import LeadersWord, Waking, WakingHours, lasting_hours
from backend.readiness.schemas import (
    DailyHoursOut,
    LeadersWordOut,
    UnitReadiness,
    WakingConsentOut,
    WakingOut,
)
from backend.volunteers.models import (
    Category,
    DatedAvailability,
    Membership,
    Unit,
    UnitCount,
    Volunteer,
    WeeklyAvailability,
    is_on_duty,
    is_serving,
)
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.rules import within

MOST_COUNTED = 100_000
"""Members of a unit up to which those who may be woken are counted: one call-out reaches no more."""
_PRIMARY, _ZONE = "volunteer__memberships__is_primary", "volunteer__memberships__unit__zone"
"""The way from a row of a person's to the membership, and the clock, by which the person's hours are meant."""


def may_be_woken(category: str, *, at: datetime, starts_at: datetime) -> Q:
    """Return the condition on memberships that their people may be asked off duty, where the task is urgent.

    By their own word, a leader's or their plan; not against what they refuse.
    """
    consents = _hours(at).filter(lasting_hours(at), refused=False, category=category)
    return (Q(Exists(consents)) | _has_planned(starts_at)) & _lets_ask(category, at, starts_at)


def has_planned(category: str, *, at: datetime, starts_at: datetime) -> Q:
    """Return the condition on memberships that their people plan to be available when a task starts.

    Not against what they refuse.
    """
    return _has_planned(starts_at) & _lets_ask(category, at, starts_at)


def _has_planned(starts_at: datetime) -> Q:
    """Return the condition of being available by one's plan: a period counts before the week."""
    minute = LocalMinute(starts_at, _ZONE)
    weekly = WeeklyAvailability.objects.filter(
        **{_PRIMARY: True},
        volunteer=OuterRef("volunteer"),
        weekday=LocalWeekday(starts_at, _ZONE),
        from_minute__lte=minute,
        until_minute__gt=minute,
    )
    periods = DatedAvailability.objects.current(starts_at).filter(volunteer=OuterRef("volunteer"))
    # Of two periods at once the database has none that is available: they must not overlap.
    return Q(Exists(periods.filter(available=True))) | Q(Exists(weekly)) & ~Q(Exists(periods))


def _lets_ask(category: str, at: datetime, starts_at: datetime) -> Q:
    """Return the condition that people neither refuse the category or the hour, nor are away.

    The hour is that of the asking, which is when the telephone rings. Away: then, or when the task starts.
    """
    refused = _hours(at).filter(refused=True, category__in=("", category))
    periods = DatedAvailability.objects.current(at) | DatedAvailability.objects.current(starts_at)
    away = periods.filter(volunteer=OuterRef("volunteer"), available=False)
    return ~Q(Exists(refused)) & ~Q(Exists(away))


def _hours(at: datetime) -> QuerySet[WakingHours]:
    """Return the hours of an outer row's volunteer in which a moment lies."""
    minute = LocalMinute(at, _ZONE)
    return WakingHours.objects.filter(
        **{_PRIMARY: True}, volunteer=OuterRef("volunteer"), from_minute__lte=minute, until_minute__gt=minute
    )


def unit_readiness(
    unit: Unit, category: Category, *, starts_at: datetime | None = None, at: datetime
) -> UnitReadiness:
    """Return how many people of a unit and below may be asked now for a task, by their state; two queries."""
    times = {"at": at, "starts_at": starts_at or at}
    kept = UnitCount.objects.filter(path__startswith=unit.path)
    sums = kept.aggregate(members=Sum("members", default=0), on_duty=Sum("on_duty", default=0))
    members, on_duty = max(sums["members"], 0), max(sums["on_duty"], 0)
    planned = woken = None
    if members <= MOST_COUNTED:
        rows = Membership.objects.filter(
            is_serving("volunteer__"),
            ~is_on_duty(at, "volunteer__"),
            within(unit.path, "unit_path"),
            is_primary=True,
        )
        found = rows.aggregate(
            planned=Count("pk", filter=has_planned(category, **times)),
            woken=Count("pk", filter=may_be_woken(category, **times)),
        )
        planned, woken = found["planned"], found["woken"]
    return UnitReadiness(
        unit=unit.number,
        category=category,
        members=members,
        on_duty=on_duty,
        planned=planned,
        may_be_woken=woken,
    )


def waking_of(volunteer: Volunteer, *, at: datetime) -> WakingOut:
    """Return what is said of waking a person: their own words, and the leaders' words that hold."""
    said = Waking.objects.filter(volunteer=volunteer).first() or Waking(volunteer=volunteer)
    words = LeadersWord.objects.in_force(at).filter(volunteer=volunteer)
    return WakingOut(
        zone=zone_of(volunteer.user),
        said_at=said.said_at,
        consents=[WakingConsentOut.model_validate(one) for one in said.consents],
        refused_hours=[DailyHoursOut.model_validate(one) for one in said.refused_hours],
        refused_categories=said.refused_categories,
        words=words_out(words),
    )


def words_out(words: QuerySet[LeadersWord]) -> list[LeadersWordOut]:
    """Return leaders' words as clients see them, the newest first; one query."""
    rows = words.select_related("unit", "by__volunteer").order_by("-said_at", "-pk")
    return [word_out(row) for row in rows]


def word_out(word: LeadersWord) -> LeadersWordOut:
    """Return a leader's word, read with its unit and its leader."""
    return LeadersWordOut.model_validate(
        {
            "id": word.pk,
            "categories": word.categories,
            "unit": word.unit.number,
            "by": word.by.volunteer.number,
            "by_name": word.by.volunteer.name,
            "how": word.how,
            "said_at": word.said_at,
            "until_at": word.until_at,
            "ended_at": word.ended_at,
        }
    )


def kept_of(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """Return all that is kept of a person here, for their export; leaders' words that ended too."""
    every = LeadersWord.objects.filter(volunteer=volunteer)
    words: JsonValue = [one.model_dump(mode="json") for one in words_out(every)]
    return {**waking_of(volunteer, at=at).model_dump(mode="json"), "words": words}
