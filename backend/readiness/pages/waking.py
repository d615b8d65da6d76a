"""The page of being woken: for what and when one may be, what one refuses, and what leaders have noted."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import DailyForm, PageForm, act_page, shape_of
from backend.accounts.pages.shell import act_named, open_to_introduced, person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import Invalid
from backend.readiness.queries import waking_of
from backend.readiness.schemas import DailyHoursIn, DailyHoursOut, WakingConsentIn, WakingConsentOut
from backend.readiness.services.editing import add_to_waking, take_from_waking
from backend.readiness.services.words import end_word
from backend.volunteers.models import Category

_Entry = TypeVar("_Entry", WakingConsentOut, DailyHoursOut)


class DailyHoursForm(DailyForm):
    """Hours of every day; from midnight until midnight is the whole day."""

    if_wrong = _("Choose two different times, and no more entries than there is room for.")

    @property
    def hours(self) -> dict[str, str]:
        """The hours as a shape takes them."""
        start, end = (f"{self.cleaned_data[name]:%H:%M}" for name in ("start", "end"))
        return {"start": start, "end": "24:00" if end == "00:00" else end}


class ConsentForm(DailyHoursForm):
    """A category, or all of them, and hours of every day."""

    ids = "consent_%s"
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", _("Every category")), *Category.choices]
    )
    field_order = ("category", "start", "end")

    @property
    def consent(self) -> WakingConsentIn:
        """The consent. Raises Invalid."""
        chosen = self.cleaned_data["category"]
        return shape_of(WakingConsentIn, {"categories": [chosen] if chosen else list(Category), **self.hours})


class RefusedHoursForm(DailyHoursForm):
    """Hours in which one is never to be woken."""

    ids = "hours_%s"

    @property
    def daily(self) -> DailyHoursIn:
        """The hours. Raises Invalid."""
        return shape_of(DailyHoursIn, self.hours)


class RefusedCategoryForm(PageForm):
    """A category for which one is never to be woken."""

    ids = "refused_%s"
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)


class EntryForm(PageForm):
    """An entry that is to go, named by all that it says."""

    start = forms.CharField(required=False, max_length=5)
    end = forms.CharField(required=False, max_length=5)
    categories = forms.CharField(required=False, max_length=200)
    if_wrong = _("Nothing was removed: the page has changed meanwhile.")

    def entry(self, shape: type[_Entry]) -> _Entry:
        """Return the entry. Raises Invalid."""
        given = {**self.cleaned_data, "categories": self.cleaned_data["categories"].split()}
        return shape_of(shape, {name: given[name] for name in shape.model_fields})

    @property
    def category(self) -> Category:
        """The category. Raises Invalid."""
        try:
            return Category(self.cleaned_data["categories"])
        except ValueError as error:
            raise Invalid from error


class WordForm(PageForm):
    """A leader's word that is to end."""

    word = forms.UUIDField()


@record_page
@open_to_introduced
@require_http_methods(["GET", "HEAD", "POST"])
def waking(request: HttpRequest) -> HttpResponseBase:
    """Show what is said of waking one; add to it, take an entry from it, or end a leader's word."""
    if request.method != "POST":
        return _show(request)
    act = act_named(request, ACTS)
    return act(request)


def _add_consent(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), ConsentForm(request.POST)
    return _do(request, form, lambda: add_to_waking(consents=[form.consent], by=by, at=now()))


def _refuse_hours(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), RefusedHoursForm(request.POST)
    return _do(request, form, lambda: add_to_waking(refused_hours=[form.daily], by=by, at=now()))


def _refuse_category(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), RefusedCategoryForm(request.POST)

    def refuse() -> object:
        category = Category(form.cleaned_data["category"])
        return add_to_waking(refused_categories=[category], by=by, at=now())

    return _do(request, form, refuse)


def _remove_consent(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), EntryForm(request.POST)
    return _do(request, form, lambda: take_from_waking(entry=form.entry(WakingConsentOut), by=by, at=now()))


def _remove_hours(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), EntryForm(request.POST)
    return _do(request, form, lambda: take_from_waking(entry=form.entry(DailyHoursOut), by=by, at=now()))


def _remove_category(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), EntryForm(request.POST)
    return _do(request, form, lambda: take_from_waking(entry=form.category, by=by, at=now()))


def _end_word(request: HttpRequest) -> HttpResponseBase:
    by, form = person_of(request), WordForm(request.POST)

    def end() -> None:
        end_word(volunteer=by.volunteer, word_id=form.cleaned_data["word"], by=by, at=now())

    return _do(request, form, end)


ACTS: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "add-consent": _add_consent,
    "refuse-hours": _refuse_hours,
    "refuse-category": _refuse_category,
    "remove-consent": _remove_consent,
    "remove-hours": _remove_hours,
    "remove-category": _remove_category,
    "end-word": _end_word,
}


def _do(request: HttpRequest, form: PageForm, change: Callable[[], object]) -> HttpResponseBase:
    """Change what is said and show it; what was wrong is said in the words of the form."""

    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:waking")

    return act_page(form, act, lambda form: _show(request, form), {Invalid: form.if_wrong})


def named(categories: list[Category]) -> str:
    """Return categories in words."""
    if len(categories) == len(Category):
        return str(_("Every category"))
    return " · ".join(str(one.label) for one in categories)


def _show(request: HttpRequest, refused: PageForm | None = None) -> HttpResponse:
    """Show what is said, with the form that was refused in the place of an empty one."""
    said = waking_of(person_of(request).volunteer, at=now())
    refused_forms = {type(refused): refused} if refused else {}
    context = {
        "consents": [(named(one.categories), one) for one in said.consents],
        "refused_hours": said.refused_hours,
        "refused_categories": said.refused_categories,
        "words": [(named(one.categories), one) for one in said.words],
        "consent_form": refused_forms.get(ConsentForm) or ConsentForm(zone=said.zone),
        "hours_form": refused_forms.get(RefusedHoursForm) or RefusedHoursForm(zone=said.zone),
        "category_form": refused_forms.get(RefusedCategoryForm) or RefusedCategoryForm(),
        "problem": refused.problem if refused else "",
    }
    return show(request, "waking", context, page="waking", status=refused.answered_with if refused else 200)
