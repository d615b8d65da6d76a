"""The page of a unit's duty desk: who is on it, the plan, and what is handed over."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.dates import WEEKDAYS
from django.utils.timezone import override
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.forms import PageForm, act_page
from backend.accounts.pages.shell import act_named, person_of, record_page, sent_from, show
from backend.desks.models import DESK_KINDS
from backend.desks.pages.forms import HandOverForm, OnceForm, TelephoneForm, WeeklyForm
from backend.desks.queries.desks import desk_out, hand_overs_of, named_in, shifts_in
from backend.desks.rules import is_of_plan, may_see_desk
from backend.desks.schemas import DeskOut
from backend.desks.services.desks import end_desk, keep_desk
from backend.desks.services.hand_overs import give_hand_over, take_hand_over
from backend.desks.services.shifts import add_shift, remove_shift
from backend.lib.clock import now
from backend.lib.errors import Invalid, require
from backend.volunteers.models import Unit, UnitKind
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.availability import zone_of
from backend.volunteers.rules import may_dispatch, may_manage
from backend.volunteers.services.access_log import note_named


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show the desk of a unit; give it a telephone, add to its plan, or hand it over."""
    unit = _visible(request, number)
    if request.method != "POST":
        return _show(request, unit)
    act = act_named(request, ACTS)
    with override(ZoneInfo(zone_of(person_of(request)))):
        return act(request, unit)


@record_page
@sent_from("desk", "number")
def take_shift_out(request: HttpRequest, number: str, shift_id: UUID) -> HttpResponseBase:
    """Take a shift out of the plan."""
    unit, by = _visible(request, number), person_of(request)
    return _do(
        request, unit, PageForm({}), lambda: remove_shift(unit=unit, shift_id=shift_id, by=by, at=now())
    )


@record_page
@sent_from("desk", "number")
def sign_hand_over(request: HttpRequest, number: str, hand_over_id: UUID) -> HttpResponseBase:
    """Sign a hand-over as the person who takes over."""
    unit, by = _visible(request, number), person_of(request)

    def sign() -> None:
        take_hand_over(unit=unit, hand_over_id=hand_over_id, by=by, at=now())

    return _do(request, unit, PageForm({}), sign)


def desk_card(user: User, unit: Unit, *, at: datetime) -> DeskOut | None:
    """Return the desk for the page of its unit, noting whose names are shown; None where the unit can have none."""
    if UnitKind(unit.kind) not in DESK_KINDS or not may_see_desk(user, unit, at):
        return None
    card = desk_out(unit, at=at)
    note_named(named_in(card), by=user, at=at)
    return card


def _keep(request: HttpRequest, unit: Unit) -> HttpResponseBase:
    by, form = person_of(request), TelephoneForm(request.POST)
    return _do(request, unit, form, lambda: keep_desk(unit=unit, phone=form.body.phone, by=by, at=now()))


def _end(request: HttpRequest, unit: Unit) -> HttpResponseBase:
    by = person_of(request)
    return _do(request, unit, PageForm({}), lambda: end_desk(unit=unit, by=by, at=now()))


def _add_once(request: HttpRequest, unit: Unit) -> HttpResponseBase:
    by, form = person_of(request), OnceForm(request.POST)
    return _do(request, unit, form, lambda: add_shift(unit=unit, wanted=form.body, by=by, at=now()))


def _add_weekly(request: HttpRequest, unit: Unit) -> HttpResponseBase:
    by, form = person_of(request), WeeklyForm(request.POST, zone=unit.zone)
    return _do(request, unit, form, lambda: add_shift(unit=unit, wanted=form.body, by=by, at=now()))


def _give(request: HttpRequest, unit: Unit) -> HttpResponseBase:
    by, form = person_of(request), HandOverForm(request.POST)
    return _do(request, unit, form, lambda: give_hand_over(unit=unit, wanted=form.body, by=by, at=now()))


ACTS: dict[str, Callable[[HttpRequest, Unit], HttpResponseBase]] = {
    "keep-desk": _keep,
    "end-desk": _end,
    "add-once": _add_once,
    "add-weekly": _add_weekly,
    "give": _give,
}


def _do(request: HttpRequest, unit: Unit, form: PageForm, change: Callable[[], object]) -> HttpResponseBase:
    """Change something, and come back to the page; what was refused is said above it."""

    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:desk", number=unit.number)

    return act_page(form, act, lambda form: _show(request, unit, form), {Invalid: form.if_wrong})


def _visible(request: HttpRequest, number: str) -> Unit:
    unit = unit_by_number(number)
    require(UnitKind(unit.kind) in DESK_KINDS)
    require(may_see_desk(person_of(request), unit, now()))
    return unit


def _show(request: HttpRequest, unit: Unit, refused: PageForm | None = None) -> HttpResponse:
    """Show the page, with the form that was refused in the place of an empty one."""
    user, at = person_of(request), now()
    shown, shifts, handed = desk_out(unit, at=at), shifts_in(unit, at=at), hand_overs_of(unit)
    people = [n for one in shifts for n in (one.volunteer, one.deputy)]
    people += [n for one in handed for n in (one.given_by, one.taken_by)]
    note_named([*named_in(shown), *(n for n in people if n is not None)], by=user, at=at)
    context: dict[str, Any] = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "desk": shown,
        "dated": [one for one in shifts if one.once is not None],
        "weekly": [(str(WEEKDAYS[one.weekly.weekday]), one) for one in shifts if one.weekly is not None],
        "open_ones": [one for one in handed if one.taken_at is None],
        "signed": [one for one in handed if one.taken_at is not None],
        "own_number": f"{user.volunteer.number:08d}",
        "manages": bool(may_manage(user, unit, at)),
        "of_plan": is_of_plan(user, unit, at),
        "problem": refused.problem if refused else "",
        **_forms(unit, shown, refused),
    }
    menu = "roster" if may_dispatch(user, unit, at) else "unit"
    return show(request, "desk", context, page=menu, status=refused.answered_with if refused else 200)


def _forms(unit: Unit, shown: DeskOut, refused: PageForm | None) -> dict[str, PageForm]:
    return {
        "telephone_form": refused
        if isinstance(refused, TelephoneForm)
        else TelephoneForm(initial={"phone": shown.phone or ""}),
        "once_form": refused if isinstance(refused, OnceForm) else OnceForm(),
        "weekly_form": refused if isinstance(refused, WeeklyForm) else WeeklyForm(zone=unit.zone),
        "hand_over_form": refused if isinstance(refused, HandOverForm) else HandOverForm(),
    }
