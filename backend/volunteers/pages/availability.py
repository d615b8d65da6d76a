"""The page of one's planned availability: hours of the week, and periods that are exceptions."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.shell import person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import Invalid, NotFound
from backend.volunteers.queries.availability import availability_of, zone_of
from backend.volunteers.schemas.availability import HoursIn, HoursOut, PeriodIn, PeriodOut
from backend.volunteers.services.availability import add_to_plan, take_from_plan


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def availability(request: HttpRequest) -> HttpResponse:
    """Show what one plans; add to it, or take an entry from it."""
    if request.method != "POST":
        return _show(request)
    act = request.POST.get("act", "")
    if act not in ACTS:
        raise NotFound
    try:
        ACTS[act](request, person_of(request), now())
    except (ValueError, Invalid):  # pydantic's refusals are ValueErrors
        return _show(request, wrong=act)
    return redirect("console:availability")


def _add_hours(request: HttpRequest, user: User, at: datetime) -> None:
    add_to_plan(hours=_hours(request), by=user, at=at)


def _add_period(request: HttpRequest, user: User, at: datetime) -> None:
    add_to_plan(periods=[_period(request, user)], by=user, at=at)


def _remove_hours(request: HttpRequest, user: User, at: datetime) -> None:
    fields = {name: request.POST.get(name, "") for name in ("weekday", "start", "end")}
    take_from_plan(hours=HoursOut.model_validate(fields), by=user, at=at)


def _remove_period(request: HttpRequest, user: User, at: datetime) -> None:
    fields = {name: request.POST.get(name, "") for name in ("from_at", "until_at", "available")}
    take_from_plan(period=PeriodOut.model_validate(fields), by=user, at=at)


ACTS: dict[str, Callable[[HttpRequest, User, datetime], None]] = {
    "add-hours": _add_hours,
    "add-period": _add_period,
    "remove-hours": _remove_hours,
    "remove-period": _remove_period,
}


def _hours(request: HttpRequest) -> list[HoursIn]:
    """Return what the form says; hours past midnight are those of two days."""
    start, end = request.POST.get("start", ""), request.POST.get("end", "")
    day = HoursIn.model_validate({"weekday": request.POST.get("weekday", ""), "start": start, "end": "24:00"})
    if end == "00:00":
        return [day]
    if end > start:
        return [HoursIn(weekday=day.weekday, start=start, end=end)]
    return [day, HoursIn(weekday=(day.weekday + 1) % 7, start="00:00", end=end)]


def _period(request: HttpRequest, user: User) -> PeriodIn:
    zone = ZoneInfo(zone_of(user))
    begins, ends = (
        datetime.fromisoformat(request.POST.get(name, "")[:16]).replace(tzinfo=zone)
        for name in ("from_at", "until_at")
    )
    return PeriodIn(from_at=begins, until_at=ends, available=request.POST.get("available") == "yes")


def _show(request: HttpRequest, wrong: str = "") -> HttpResponse:
    plan = availability_of(person_of(request), at=now())
    problems = {
        "add-hours": _("Choose a day, and two times that overlap with no other hours."),
        "add-period": _("A period must end later than now, begin within a year, and overlap with no other."),
    }
    context = {
        "plan": plan,
        "weekly": [(str(WEEKDAYS[one.weekday]), one) for one in plan.weekly],
        "days": [(n, str(day)) for n, day in WEEKDAYS.items()],
        "wrong": wrong,
        "problem": problems.get(wrong, _("Nothing was removed: the plan has changed meanwhile."))
        if wrong
        else "",
        "given": request.POST,
    }
    return show(request, "availability", context, page="availability", status=422 if wrong else 200)
