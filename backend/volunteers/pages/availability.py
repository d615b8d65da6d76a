"""The page of one's planned availability: hours of the week, and periods that are exceptions."""

from collections.abc import Callable
from datetime import time
from typing import TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.dates import WEEKDAYS
from django.utils.timezone import override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import MINUTES, MOMENT, DailyForm, PageForm, ShapeForm, act_page, shape_of
from backend.accounts.pages.shell import act_named, open_to_introduced, person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import Invalid
from backend.volunteers.queries.availability import availability_of, zone_of
from backend.volunteers.schemas.availability import HoursIn, HoursOut, PeriodIn, PeriodOut
from backend.volunteers.services.availability import add_to_plan, take_from_plan

_Entry = TypeVar("_Entry", HoursOut, PeriodOut)


class HoursForm(DailyForm):
    """Hours of a weekday."""

    weekday = forms.TypedChoiceField(label=_("Day"), choices=list(WEEKDAYS.items()), coerce=int)
    field_order = ("weekday", "start", "end")
    if_wrong = _("Choose a day, and two times that overlap with no other hours.")

    @property
    def hours(self) -> list[HoursIn]:
        """The hours as they are kept: those past midnight are those of two days."""
        day, start, end = (self.cleaned_data[name] for name in ("weekday", "start", "end"))
        if end > start:
            return [HoursIn(weekday=day, start=f"{start:%H:%M}", end=f"{end:%H:%M}")]
        evening = HoursIn(weekday=day, start=f"{start:%H:%M}", end="24:00")
        return (
            [evening]
            if end == time()
            else [evening, HoursIn(weekday=(day + 1) % 7, start="00:00", end=f"{end:%H:%M}")]
        )


class PeriodForm(ShapeForm[PeriodIn]):
    """An exception; its moments are those of the zone in which it is read."""

    shape = PeriodIn
    available = forms.ChoiceField(label=_("State"), choices={"no": _("Away"), "yes": _("Available")})
    from_at = forms.DateTimeField(label=_("From"), input_formats=MINUTES, widget=MOMENT)
    until_at = forms.DateTimeField(label=_("Until"), input_formats=MINUTES, widget=MOMENT)
    if_wrong = _("A period must end later than now, begin within a year, and overlap with no other.")


class EntryForm(PageForm):
    """An entry of the plan that is to go, named by all that it says."""

    if_wrong = _("Nothing was removed: the plan has changed meanwhile.")

    def entry(self, shape: type[_Entry]) -> _Entry:
        """Return the entry. Raises Invalid."""
        return shape_of(shape, {name: self.data.get(name, "") for name in shape.model_fields})


@record_page
@open_to_introduced
@require_http_methods(["GET", "HEAD", "POST"])
def availability(request: HttpRequest) -> HttpResponseBase:
    """Show what one plans; add to it, or take an entry from it."""
    if request.method != "POST":
        return _show(request)
    act = act_named(request, ACTS)
    with override(ZoneInfo(zone_of(person_of(request)))):
        return act(request)


def _add_hours(request: HttpRequest) -> HttpResponseBase:
    by = person_of(request)
    form = HoursForm(request.POST, zone=zone_of(by))
    return _do(request, form, lambda: add_to_plan(hours=form.hours, by=by, at=now()))


def _add_period(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), PeriodForm(request.POST)
    return _do(request, form, lambda: add_to_plan(periods=[form.body], by=by, at=now()))


def _remove_hours(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), EntryForm(request.POST)
    return _do(request, form, lambda: take_from_plan(hours=form.entry(HoursOut), by=by, at=now()))


def _remove_period(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), EntryForm(request.POST)
    return _do(request, form, lambda: take_from_plan(period=form.entry(PeriodOut), by=by, at=now()))


def _do(request: HttpRequest, form: PageForm, change: Callable[[], object]) -> HttpResponseBase:
    """Change the plan and show it; what was wrong is said in the words of the form."""

    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:availability")

    return act_page(form, act, lambda form: _show(request, form), {Invalid: form.if_wrong})


ACTS: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "add-hours": _add_hours,
    "add-period": _add_period,
    "remove-hours": _remove_hours,
    "remove-period": _remove_period,
}


def _show(request: HttpRequest, refused: PageForm | None = None) -> HttpResponse:
    """Show the plan, with the form that was refused in the place of an empty one."""
    plan = availability_of(person_of(request), at=now())
    context = {
        "plan": plan,
        "weekly": [(str(WEEKDAYS[one.weekday]), one) for one in plan.weekly],
        "hours_form": refused if isinstance(refused, HoursForm) else HoursForm(zone=plan.zone),
        "period_form": refused if isinstance(refused, PeriodForm) else PeriodForm(),
        "problem": refused.problem if refused else "",
    }
    return show(request, "availability", context, page="availability", status=422 if refused else 200)
