"""Duty as a reason for tracking."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, F, QuerySet, When

from backend.lib.lookups import AnyOf
from backend.tracking.agreement import agreed_since, not_agreed_until
from backend.tracking.models import scope_of
from backend.tracking.windows import Tracked, Window
from backend.volunteers.models import DutyPeriod, Membership, Volunteer, is_on_duty
from backend.volunteers.rules import agrees_to_location


def on_duty(people: Iterable[int], at: datetime) -> Mapping[int, Tracked]:
    """Return those of `people` who are on duty with consent to tracking, with the scope of their primary unit.

    One query.
    """
    rows = Membership.objects.filter(
        AnyOf(F("volunteer__number"), people),
        agrees_to_location("volunteer__"),
        is_on_duty(at, "volunteer__"),
        is_primary=True,
    )
    found = rows.values_list(
        "volunteer__number",
        "unit__path",
        "unit__closed_depth",
        "volunteer__duty_since",
        "volunteer__location_consent_at",
    )
    return {
        number: Tracked(scope=scope_of(path, closed_depth), since=agreed_since(since, agreed_at))
        for number, path, closed_depth, since, agreed_at in found
        if since and agreed_at
    }


def was_on_duty(people: Iterable[int], since: datetime, at: datetime) -> Mapping[int, list[Window]]:
    """Return the duties of `people` with consent that reach into the time from `since` to `at`; two queries.

    A duty that has run out counts even before the clock has ended it. Withdrawn consent gives no window; renewed
    consent gives none before the renewal. Fixes that a phone buffered in between are discarded on upload.
    """
    numbers = list(people)
    ended = DutyPeriod.objects.reaching_into(since, at).filter(
        agrees_to_location("volunteer__"), volunteer__number__in=numbers
    )
    not_yet = Volunteer.objects.on_duty_between(since, at).filter(agrees_to_location(), number__in=numbers)
    found: dict[int, list[Window]] = {}
    for number, began, until, agreed_at in (
        *ended.values_list("volunteer__number", "since", "until", "volunteer__location_consent_at"),
        *not_yet.values_list("number", "duty_since", "duty_until", "location_consent_at"),
    ):
        if began and until and agreed_at and agreed_since(began, agreed_at) < until:
            found.setdefault(number, []).append(Window(agreed_since(began, agreed_at), until))
    return found


def on_duty_without_consent(
    people: Iterable[int], since: datetime, at: datetime
) -> Mapping[int, list[Window]]:
    """Return the duties of `people` between the two moments, for the parts without consent to tracking; two queries."""
    numbers = list(people)
    ended = DutyPeriod.objects.reaching_into(since, at).filter(volunteer__number__in=numbers)
    not_yet = Volunteer.objects.on_duty_between(since, at).filter(number__in=numbers)
    found: dict[int, list[Window]] = {}
    for number, began, until, agreed_at in (
        *_with_agreement(ended, "volunteer__").values_list(
            "volunteer__number", "since", "until", "agreed_at"
        ),
        *_with_agreement(not_yet, "").values_list("number", "duty_since", "duty_until", "agreed_at"),
    ):
        if began and until and (ends := not_agreed_until(began, until, agreed_at)) > began:
            found.setdefault(number, []).append(Window(began, ends))
    return found


def _with_agreement(rows: QuerySet[Any], of: str) -> QuerySet[Any]:
    """Add `agreed_at` to rows: the moment of their volunteers' consent to tracking, null without consent."""
    agreed = Case(When(agrees_to_location(of), then=F(f"{of}location_consent_at")))
    with_it: QuerySet[Any] = rows.annotate(agreed_at=agreed)
    return with_it
